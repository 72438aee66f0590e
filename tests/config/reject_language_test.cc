// Words, quotes, definitions, repetition and includes that are wrong.
#include "tests/config/reject_test.h"

namespace penstock::config {
namespace {

const std::vector<RejectRow> kLanguageRows = {
    {"UnknownWord",
     in_service("    lb_alog rr"),
     {"4:5: error: \"lb_alog\" is unknown in virtual_server [did you mean \"lb_algo\"?]"}},
    {"UnknownWordWithoutNeighbour", in_service("    zzyzx 5"), {"4:5: error: \"zzyzx\" is unknown in virtual_server"}},
    {"UnknownTopLevelWord",
     R"(virtual_sever 10.0.0.1 80 {
    lb_algo rr
}
)",
     {"1:1: error: \"virtual_sever\" is unknown at the top level [did you mean \"virtual_server\"?]"}},
    {"WordOfAnotherBlock",
     in_service("    priority 100"),
     {"4:5: error: \"priority\" does not belong in virtual_server [it belongs in vrrp_instance]"}},
    {"WordOfSeveralBlocks",
     in_real_server("        interface eth0"),
     {"5:9: error: \"interface\" does not belong in real_server [it belongs in garp_group or vrrp_instance]"}},
    {"LbKindInRealServer",
     in_real_server("        lb_kind DR"),
     {"5:9: error: \"lb_kind\" does not belong in real_server [it belongs in virtual_server]"}},
    {"WordAtTheTopLevel",
     R"(router_id A
)",
     {"1:1: error: \"router_id\" does not belong at the top level [it belongs in global_defs]"}},
    {"TwoStatementsOnALine",
     in_service("    lb_algo rr protocol TCP"),
     {"4:16: error: \"protocol\" must begin a line of its own"}},
    {"TwoSwitchesOnALine", in_instance("    nopreempt priority 5"), {"5:15: error: \"priority\" must begin a line of its own"}},
    {"QuoteNotClosed",
     in_global("    router_id \"A"),
     {"2:15: error: this quote is never closed [a quoted value ends on the line where it begins]"}},
    {"SingleQuoteNotClosed",
     in_global("    router_id 'A B"),
     {"2:15: error: this quote is never closed [a quoted value ends on the line where it begins]"}},
    {"ZeroByte",
     std::string{"global_defs {\n    router_id A\0B\n}\n", 34},
     {"2:16: error: a zero byte: this is not a text file"}},
    {"BackslashAtALineEnd",
     in_global(R"(    router_id \
    A)"),
     {"2:15: error: \"\\\" continues a line only in a $NAME= definition"}},
    {"ConditionWithoutId",
     in_global(R"(    @ router_id A
    @^ router_id B)"),
     {"2:5: error: \"@\" needs the id of a configuration right behind it",
      "3:5: error: \"@\" needs the id of a configuration right behind it"}},
    {"EmptyFile", "", {"0:0: error: the file has no configuration in it"}},
    {"OnlyComments",
     R"(# nothing
! at all
)",
     {"0:0: error: the file has no configuration in it"}},
    {"NothingForThisId",
     R"(@backup global_defs {
@backup }
)",
     {"0:0: error: the file has no configuration in it"}},
    {"UndefinedDefinition",
     in_instance("    priority $PRIORITY"),
     {"5:14: error: \"priority\" takes a whole number from 1 to 255, not \"$PRIORITY\" [\"$PRIORITY\" is not defined before "
      "this line]"}},
    {"DefinitionByItself",
     R"($A=x $B
$B=y $A
global_defs {
    router_id $A
}
)",
     {"2:6: error: \"$A\" is defined by itself"}},
    {"LinesWithinALine",
     R"($A= \
weight 1 \
weight 2
global_defs {
    router_id ${A}
}
global_defs {
    router_id a${A}
}
)",
     {"5:15: error: \"$A\" stands for several lines: it must be alone on its line",
      "8:16: error: \"$A\" stands for several lines: it must be alone on its line"}},
    {"RandomValue",
     in_instance("    priority ${_RANDOM 1 100}"),
     {"5:14: error: \"${_RANDOM}\" is not supported: the same file must mean the same each time"}},
    {"Environment",
     in_global("    router_id ${_ENV HOME}"),
     {"2:15: error: \"${_ENV}\" is not supported: the same file must mean the same each time"}},
    {"SequenceWithoutNumbers",
     R"(~SEQ(A) global_defs { }
)",
     {"1:1: error: ~SEQ takes a name and one to three numbers [~SEQ(NAME, START, STEP, END) or ~LST(NAME, VALUE, ...)]"}},
    {"SequenceThatNeverEnds",
     R"(~SEQ(A, 1, -1, 5) global_defs { }
)",
     {"1:1: error: the step never reaches the end [~SEQ(NAME, START, STEP, END) or ~LST(NAME, VALUE, ...)]"}},
    {"SequenceNotClosed",
     R"(~SEQ(A, 1, 5 global_defs { }
)",
     {"1:5: error: \"(\" is not closed [~SEQ(NAME, START, STEP, END) or ~LST(NAME, VALUE, ...)]"}},
    {"SequenceOfWords",
     R"(~SEQ(A, one, two) global_defs { }
)",
     {"1:1: error: \"one\" is not a number [~SEQ(NAME, START, STEP, END) or ~LST(NAME, VALUE, ...)]"}},
    {"SequenceNameOfDigits",
     R"(~SEQ(1, 1, 2) global_defs { }
)",
     {"1:6: error: \"1\" can't be a name [~SEQ(NAME, START, STEP, END) or ~LST(NAME, VALUE, ...)]"}},
    {"ListWithTooFewValues",
     R"(~LST({A, B}, {1, 2}, {3}) global_defs { }
)",
     {"1:1: error: 2 names need as many values each time, not 1 [~SEQ(NAME, START, STEP, END) or ~LST(NAME, VALUE, ...)]"}},
    {"IncludeWithoutName",
     R"(global_defs {
}
include
)",
     {"3:1: error: \"include\" needs the name of a file"}},
    {"IncludeOfItself",
     R"(global_defs {
}
include ./x.conf
)",
     {"3:9: error: \"x.conf\" includes itself"}},
    {"IncludeThatMustExist",
     R"(global_defs {
}
includer none.conf
includem none*.conf
includea *.none
)",
     {"3:10: error: \"none.conf\" can't be read: No such file or directory", "4:10: error: no file matches \"none*.conf\"",
      "5:10: error: no file matches \"*.none\""}},
};

INSTANTIATE_TEST_SUITE_P(Language, Reject, testing::ValuesIn(kLanguageRows), row_name);

}  // namespace
}  // namespace penstock::config
