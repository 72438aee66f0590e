"""The lab: a client, two directors and three real servers in network namespaces on one bridge."""
