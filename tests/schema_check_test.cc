#include "core/schema_check.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include "core/embed_template.h"
#include "tracevec/schema.h"
#include "tracevec/value.h"

namespace tracevec {
namespace {

TEST(Schema, NamesRoundTrip) {
  for (const Metric metric : {Metric::kCosine, Metric::kIp, Metric::kL2}) {
    EXPECT_EQ(*ParseMetric(MetricName(metric)), metric);
  }
  for (const CodeChoice codes : {CodeChoice::kAuto, CodeChoice::kInt8, CodeChoice::kInt4}) {
    EXPECT_EQ(*ParseCodeChoice(CodeChoiceName(codes)), codes);
  }
  for (int type = 0; type <= static_cast<int>(MetadataType::kTimestampList); ++type) {
    EXPECT_EQ(*ParseMetadataType(MetadataTypeName(static_cast<MetadataType>(type))),
              static_cast<MetadataType>(type));
  }
  EXPECT_EQ(*ParseMetadataType("str"), MetadataType::kString);
  EXPECT_EQ(*ParseMetadataType("list[datetime]"), MetadataType::kTimestampList);
}

TEST(Schema, UnknownNamesGetTheNearest) {
  EXPECT_EQ(ParseMetric("cosin").status().message(),
            "unknown metric 'cosin' (did you mean 'cosine'?); known: cosine, ip, l2");
  EXPECT_NE(ParseMetadataType("list[strng]").status().message().find("'list[string]'"),
            std::string::npos);
  EXPECT_FALSE(ParseMetric("").ok());
}

VectorField OfDimension(std::uint32_t dimension) {
  VectorField field;
  field.dimension = dimension;
  return field;
}

CollectionSchema SchemaOf(std::string name, VectorField field) {
  CollectionSchema schema;
  schema.vectors.emplace(std::move(name), std::move(field));
  return schema;
}

TEST(CheckSchema, AcceptsBounds) {
  EXPECT_TRUE(CheckSchema({}).ok());
  EXPECT_TRUE(CheckSchema(SchemaOf("v", OfDimension(1))).ok());
  EXPECT_TRUE(CheckSchema(SchemaOf(std::string(255, 'v'), OfDimension(65'536))).ok());
  CollectionSchema schema;
  for (int i = 0; i < 16; ++i) schema.vectors["v" + std::to_string(i)] = OfDimension(8);
  for (const char* name : {"id", "document", "text", "version"})
    schema.metadata[name] = MetadataType::kInt;
  EXPECT_TRUE(CheckSchema(schema).ok());
  schema.vectors["one more"] = OfDimension(8);
  EXPECT_EQ(CheckSchema(schema).message(), "vector fields: expected at most 16, got 17");
}

TEST(CheckSchema, RefusesDimensionsOutOfRange) {
  EXPECT_EQ(CheckSchema(SchemaOf("body", OfDimension(0))).message(),
            "vector field 'body': dimension: expected 1 to 65536, got 0");
  EXPECT_FALSE(CheckSchema(SchemaOf("body", OfDimension(65'537))).ok());
}

TEST(CheckSchema, RefusesBadNames) {
  for (const std::string& name : {std::string(), std::string(256, 'v'), std::string("$and"),
                                  std::string("\xFF"), std::string("text")}) {
    EXPECT_EQ(CheckSchema(SchemaOf(name, OfDimension(8))).code(), StatusCode::kInvalidArgument)
        << name;
    CollectionSchema schema;
    schema.metadata[name] = MetadataType::kString;
    EXPECT_EQ(CheckSchema(schema).ok(), name == "text") << name;
  }
}

TEST(CheckSchema, RefusesNumbersThatNameNothing) {
  VectorField field = OfDimension(8);
  field.codes = static_cast<CodeChoice>(3);
  EXPECT_EQ(CheckSchema(SchemaOf("v", field)).message(),
            "vector field 'v': codes: no kind has the number 3");
  field.codes = CodeChoice::kInt4;
  field.metric = static_cast<Metric>(3);
  EXPECT_FALSE(CheckSchema(SchemaOf("v", field)).ok());
  CollectionSchema schema;
  schema.metadata["year"] = static_cast<MetadataType>(10);
  EXPECT_FALSE(CheckSchema(schema).ok());
}

TEST(CheckSchema, RefusesTextsThatAreNotUtf8) {
  VectorField field = OfDimension(8);
  field.space.model = "\xFF";
  EXPECT_FALSE(CheckSchema(SchemaOf("v", field)).ok());
  CollectionSchema schema;
  schema.text = TextField{"\xFF"};
  EXPECT_FALSE(CheckSchema(schema).ok());
}

TEST(CheckSchema, TemplateNeedsTextAndKnowsThreeNames) {
  const auto check = [](std::string tmpl) {
    VectorField field = OfDimension(8);
    field.embed_template = std::move(tmpl);
    return CheckSchema(SchemaOf("v", std::move(field)));
  };
  EXPECT_TRUE(check("{title}: {section} {text}").ok());
  EXPECT_TRUE(check("{ } {} {{text}}").ok());
  EXPECT_FALSE(check("{title}").ok());
  EXPECT_FALSE(check("").ok());
  EXPECT_EQ(
      check("{titel} {text}").message(),
      "vector field 'v': embed_template: unknown placeholder {titel} (did you mean 'title'?); "
      "known: {title}, {section}, {text}");
}

TEST(EmbedTemplate, FillsInOnePass) {
  EXPECT_EQ(FillEmbedTemplate("{text}", "T", "S", "body"), "body");
  EXPECT_EQ(FillEmbedTemplate("{title}: {section}\n{text}", "T", "S", "body"), "T: S\nbody");
  EXPECT_EQ(FillEmbedTemplate("{text}{text}", "", "", "{title}"), "{title}{title}");
  EXPECT_EQ(FillEmbedTemplate("{{text}} {other} {", "", "", "x"), "{x} {other} {");
  EXPECT_EQ(FillEmbedTemplate("", "T", "S", "x"), "");
}

CollectionSchema DeclaredSchema() {
  CollectionSchema schema;
  schema.metadata = {{"year", MetadataType::kInt},        {"score", MetadataType::kDouble},
                     {"tags", MetadataType::kStringList}, {"scores", MetadataType::kDoubleList},
                     {"at", MetadataType::kTimestamp},    {"ok", MetadataType::kBool}};
  return schema;
}

Status Check(const Metadata& metadata) {
  return CheckMetadata(metadata, DeclaredSchema(), "document 'a'");
}

TEST(CheckMetadata, AcceptsDeclaredTypes) {
  EXPECT_TRUE(Check({{"year", 2020},
                     {"score", 0.5},
                     {"tags", Value::List{"a", "b"}},
                     {"at", Timestamp{1}},
                     {"ok", true}})
                  .ok());
  EXPECT_TRUE(Check({{"year", nullptr}, {"tags", nullptr}}).ok());
  EXPECT_TRUE(Check({{"score", 1}, {"scores", Value::List{1, 2.5}}}).ok()) << "an int is a float";
  EXPECT_TRUE(Check({{"score", std::numeric_limits<double>::infinity()}}).ok());
  EXPECT_TRUE(Check({{"other", Value::Map{{"a", Value::List{1, "x", nullptr}}}}}).ok());
}

TEST(CheckMetadata, RefusesOtherTypesByName) {
  EXPECT_EQ(Check({{"year", "2020"}}).message(),
            "document 'a': metadata field 'year': expected int, got string");
  EXPECT_EQ(Check({{"year", 1.0}}).message(),
            "document 'a': metadata field 'year': expected int, got float");
  EXPECT_EQ(Check({{"tags", "a"}}).message(),
            "document 'a': metadata field 'tags': expected list[string], got string");
  EXPECT_EQ(
      Check({{"tags", Value::List{"a", 1}}}).message(),
      "document 'a': metadata field 'tags': expected list[string], got a list whose item 1 is int");
  EXPECT_FALSE(Check({{"year", Value::List{1}}}).ok());
  EXPECT_FALSE(Check({{"at", "2020-01-01"}}).ok());
  EXPECT_EQ(CheckMetadata({{"year", true}}, DeclaredSchema(), "").message(),
            "metadata field 'year': expected int, got bool");
}

TEST(CheckMetadata, RefusesBadNamesAtEveryLevel) {
  for (const std::string& name : {std::string(), std::string(256, 'n'), std::string("\xFF")}) {
    EXPECT_FALSE(Check({{name, 1}}).ok()) << name;
    EXPECT_FALSE(Check({{"outer", Value::Map{{name, 1}}}}).ok()) << name;
    EXPECT_FALSE(Check({{"outer", Value::List{Value::Map{{name, 1}}}}}).ok()) << name;
  }
  EXPECT_TRUE(Check({{std::string(255, 'n'), 1}}).ok());
}

TEST(CheckMetadata, RefusesStringsThatAreNotUtf8) {
  EXPECT_EQ(Check({{"name", "ab\xFF"}}).message(),
            "document 'a': metadata field 'name': string: invalid UTF-8 at byte 2 of 3");
  EXPECT_FALSE(Check({{"names", Value::List{"\xC0"}}}).ok());
}

Value NestedValue(int depth) {
  Value value = 1;
  for (int i = 0; i < depth; ++i) {
    value = i % 2 == 0 ? Value(Value::List{value}) : Value(Value::Map{{"a", value}});
  }
  return value;
}

TEST(CheckMetadata, LimitsDepth) {
  EXPECT_TRUE(Check({{"nested", NestedValue(16)}}).ok());
  EXPECT_EQ(
      Check({{"nested", NestedValue(17)}}).message(),
      "document 'a': metadata field 'nested': lists and maps are nested deeper than 16 levels");
}

TEST(CheckMetadata, LimitsTheSizeOfAllFieldsTogether) {
  const std::string half(std::size_t{1} << 19, 'x');
  EXPECT_TRUE(Check({{"a", half}}).ok());
  EXPECT_FALSE(Check({{"a", half}, {"b", half}}).ok());
  EXPECT_FALSE(Check({{"a", Value::List(200'000, Value(1))}}).ok());
}

}  // namespace
}  // namespace tracevec
