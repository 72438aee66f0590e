// Conditions, definitions, repetition and include: what is left of the text when they are done.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/preprocessor.h"
#include "tests/config/load_text.h"

namespace penstock::config {
namespace {

using testing::ElementsAre;

struct Lines {
  std::vector<std::string> lines;
  std::vector<std::string> errors;
};

Lines preprocess(const Files& files) {
  const Limits limits;
  const FileReader reader = memory_files(files);
  SourceMap sources;
  Diagnostics diagnostics{100};
  Lines out;
  for (const Line& line : Preprocessor{sources, diagnostics, reader, limits, "main"}.run("x.conf"))
    out.lines.push_back(line.text());
  for (const Diagnostic& diagnostic : diagnostics.take()) out.errors.push_back(diagnostic.message);
  return out;
}

std::vector<std::string> lines_of(const std::string& text) {
  const Lines out = preprocess({{"x.conf", text}});
  EXPECT_THAT(out.errors, testing::IsEmpty());
  return out.lines;
}

TEST(Preprocessor, CommentsAndBlankLinesGo) {
  EXPECT_THAT(lines_of("# a\na # b\n\n! c\n \t\nb !c\n\"#\" '!'\n"), ElementsAre("a", "b", "\"#\" '!'"));
}

TEST(Preprocessor, ConditionsKeepTheLinesOfThisId) {
  EXPECT_THAT(lines_of("@main a\n@backup b\n@^main c\n@^backup d\n@^x @main e\n"), ElementsAre(" a", " d", " e"));
}

TEST(Preprocessor, DefinitionsAreReplacedWhereTheyAreUsed) {
  EXPECT_THAT(lines_of("$BASE=10.2.${SUB}\n$SUB=0\n${BASE}.100/32\n$SUB=10\n${BASE}.100/32\n"),
              ElementsAre("10.2.0.100/32", "10.2.10.100/32"));
}

TEST(Preprocessor, WithoutBracesABlankMustFollowTheName) {
  EXPECT_THAT(lines_of("$A=x\na $A b\na $A\na $A.b\na ${A}.b\n"), ElementsAre("a x b", "a x", "a $A.b", "a x.b"));
}

TEST(Preprocessor, UndefinedNamesAndOtherDollarSignsStay) {
  EXPECT_THAT(lines_of("$A=x\nscript \"echo $HOME ${PATH} $1 $ ${ $(A) ${A\"\n"),
              ElementsAre("script \"echo $HOME ${PATH} $1 $ ${ $(A) ${A\""));
}

TEST(Preprocessor, AnEmptyDefinitionLeavesNothing) { EXPECT_THAT(lines_of("$A=\na ${A}b\n"), ElementsAre("a b")); }

TEST(Preprocessor, ADefinitionMayStandForAConditionOrAnotherDefinition) {
  EXPECT_THAT(lines_of("$IF=@main\n$IF a\n$NOT=@^main\n$NOT b\n"), ElementsAre(" a"));
  EXPECT_THAT(lines_of("$D=$X=5\n${D}\nv $X\n"), ElementsAre("v 5"));
}

TEST(Preprocessor, ADefinitionOfSeveralLinesIsExpandedLineByLine) {
  EXPECT_THAT(lines_of("$I= \\\ninst V${N} { \\\n@main high \\\n@backup low \\\n}\n$N=0\n$I\n$N=1\n  $I\nend\n"),
              ElementsAre("inst V0 {", " high", "}", "inst V1 {", " high", "}", "end"));
}

TEST(Preprocessor, DefinitionsOfSeveralLinesNest) {
  EXPECT_THAT(lines_of("$RS= \\\nrs ${V}.${R}\n$VS= \\\nvs ${V} \\\n$R=1 \\\n$RS \\\n$R=2 \\\n$RS\n$V=7\n$VS\n"),
              ElementsAre("vs 7", "rs 7.1", "rs 7.2"));
}

TEST(Preprocessor, APredefinedNameIsKnown) {
  EXPECT_THAT(lines_of("a ${_INSTANCE} ${_HASH}${_BANG} ${_PWD}\n"), ElementsAre("a main #! ."));
}

TEST(Preprocessor, SequencesCount) {
  EXPECT_THAT(lines_of("~SEQ(A, 0, 3) a${A}\n"), ElementsAre("a0", "a1", "a2", "a3"));
  EXPECT_THAT(lines_of("~SEQ(A,2) a${A}\n"), ElementsAre("a1", "a2"));
  EXPECT_THAT(lines_of("~SEQ(A,-2) a${A}\n"), ElementsAre("a-1", "a-2"));
  EXPECT_THAT(lines_of("~SEQ(A, 3, 1) a${A}\n"), ElementsAre("a3", "a2", "a1"));
  EXPECT_THAT(lines_of("~SEQ(A, 1, 4, 10) a${A}\n"), ElementsAre("a1", "a5", "a9"));
  EXPECT_THAT(lines_of("~SEQx(A, 0x90, 0x10, 0xb0) a${A}\n"), ElementsAre("a90", "aa0", "ab0"));
  EXPECT_THAT(lines_of("~SEQ(A, 010, 011) a${A}\n"), ElementsAre("a8", "a9"));
}

TEST(Preprocessor, SequencesNestAndLeaveNoTraceOfTheirNames) {
  EXPECT_THAT(lines_of("$A=x\n~SEQ(A,1,2) ~SEQ(B,3,4) ${A}.${B}\n${A} ${B}\n"),
              ElementsAre("1.3", "1.4", "2.3", "2.4", "x ${B}"));
}

TEST(Preprocessor, ASequencesBoundsMayBeDefined) {
  EXPECT_THAT(lines_of("$N=2\n~SEQ(A, 1, ${N}) a${A}\n"), ElementsAre("a1", "a2"));
}

TEST(Preprocessor, ASequenceRepeatsADefinitionOfSeveralLines) {
  EXPECT_THAT(lines_of("$V= \\\na${I} \\\nb${I}\n~SEQ(I, 1, 2) $V\n"), ElementsAre("a1", "b1", "a2", "b2"));
}

TEST(Preprocessor, ListsSetOneNameOrSeveral) {
  EXPECT_THAT(lines_of("~LST(A, x, y z) a ${A}\n"), ElementsAre("a x", "a y z"));
  EXPECT_THAT(lines_of("~LST({A, B}, {1,2}, {3,4}) ${A}-${B}\n"), ElementsAre("1-2", "3-4"));
}

TEST(Preprocessor, IncludesAreReadInPlaceAndRelativeToTheirFile) {
  const Lines out = preprocess({{"x.conf", "a\ninclude d/*.conf\nb\n"},
                                {"d/1.conf", "one ${_PWD}\ninclude e/2.txt\n"},
                                {"d/3.conf", "three ${_PWD}\n"},
                                {"d/e/2.txt", "two ${_PWD}\ninclude ../../last\n"},
                                {"last", "last ${_PWD}\n"}});
  EXPECT_THAT(out.errors, testing::IsEmpty());
  EXPECT_THAT(out.lines, ElementsAre("a", "one d", "two d/e", "last .", "three d", "b"));
}

TEST(Preprocessor, AnIncludeMayBeConditionalAndUseDefinitions) {
  const Lines out = preprocess({{"x.conf", "$F=y\n@main include ${F}.conf\n@other include z.conf\n"}, {"y.conf", "y\n"}});
  EXPECT_THAT(out.errors, testing::IsEmpty());
  EXPECT_THAT(out.lines, ElementsAre("y"));
}

TEST(Preprocessor, APlainIncludeThatFindsNothingIsNoErrorButSaysSo) {
  const LoadResult result = load_files({{"x.conf", "global_defs { }\ninclude none.conf\ninclude none*\nincluder none*\n"}});
  EXPECT_THAT(findings(result), ElementsAre("2:9: warning: \"none.conf\" can't be read: No such file or directory"));
  EXPECT_TRUE(result.model.has_value());
}

TEST(Preprocessor, ACircleOfIncludesIsRefusedAndTheSameFileTwiceIsNot) {
  EXPECT_THAT(preprocess({{"x.conf", "include y\n"}, {"y", "include z\ny\n"}, {"z", "include ./y\n"}}).errors,
              ElementsAre("\"y\" includes itself"));
  EXPECT_THAT(preprocess({{"x.conf", "include y\ninclude y\n"}, {"y", "y\n"}}).lines, ElementsAre("y", "y"));
}

}  // namespace
}  // namespace penstock::config
