// penstock-genhash: what `penstock genhash` starts. A program of its own, because the libraries that it needs (libcurl,
// OpenSSL) take longer to load than any other command takes.
#include "control/genhash/genhash.h"

int main(int argc, char** argv) { return penstock::control::run_genhash({argv + 1, argv + argc}); }
