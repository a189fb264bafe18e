#include "core/codec.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace tracevec {
namespace {

template <typename Put>
std::string Encoded(Put put) {
  Encoder encoder;
  put(encoder);
  return encoder.Take();
}

std::string Bytes(std::initializer_list<int> bytes) {
  std::string result;
  for (const int byte : bytes) result.push_back(static_cast<char>(byte));
  return result;
}

Value NestedLists(int depth) {
  Value value;
  for (int i = 0; i < depth; ++i) value = Value(Value::List{value});
  return value;
}

TEST(Codec, IntegersHaveTheBytesOfTheFormat) {
  EXPECT_EQ(Encoded([](Encoder& e) { e.PutVarint(0); }), Bytes({0}));
  EXPECT_EQ(Encoded([](Encoder& e) { e.PutVarint(127); }), Bytes({127}));
  EXPECT_EQ(Encoded([](Encoder& e) { e.PutVarint(300); }), Bytes({0xac, 2}));
  EXPECT_EQ(Encoded([](Encoder& e) { e.PutSignedVarint(-1); }), Bytes({1}));
  EXPECT_EQ(Encoded([](Encoder& e) { e.PutSignedVarint(1); }), Bytes({2}));
  EXPECT_EQ(Encoded([](Encoder& e) { e.PutFixed32(0x01020304); }), Bytes({4, 3, 2, 1}));
  EXPECT_EQ(Encoded([](Encoder& e) { e.PutFixed64(0x0102030405060708); }),
            Bytes({8, 7, 6, 5, 4, 3, 2, 1}));
  EXPECT_EQ(Encoded([](Encoder& e) { e.PutDouble(1.0); }), Bytes({0, 0, 0, 0, 0, 0, 0xf0, 0x3f}));
  EXPECT_EQ(Encoded([](Encoder& e) { e.PutString("ab"); }), Bytes({2, 'a', 'b'}));
  EXPECT_EQ(Encoded([](Encoder& e) { e.PutSpan({10, 14}); }), Bytes({10, 4}));
}

TEST(Codec, VarintsComeBackAtEveryPowerOfTwo) {
  std::vector<std::uint64_t> numbers = {0};
  for (int bit = 0; bit < 64; ++bit) {
    const std::uint64_t power = std::uint64_t{1} << bit;
    numbers.insert(numbers.end(), {power - 1, power, power + 1});
  }
  numbers.push_back(std::numeric_limits<std::uint64_t>::max());
  for (const std::uint64_t number : numbers) {
    const std::string bytes = Encoded([&](Encoder& e) {
      e.PutVarint(number);
      e.PutSignedVarint(static_cast<std::int64_t>(number));
    });
    Decoder decoder(bytes, "test");
    EXPECT_EQ(decoder.ReadVarint(), number);
    EXPECT_EQ(decoder.ReadSignedVarint(), static_cast<std::int64_t>(number));
    EXPECT_TRUE(decoder.Finish().ok()) << number;
  }
}

TEST(Codec, VarintsInALongerFormAreRefused) {
  for (const std::string& bytes : {Bytes({0x80, 0}), Bytes({0xff, 0x80, 0}), Bytes({0x81, 0})}) {
    Decoder decoder(bytes, "test");
    EXPECT_EQ(decoder.ReadVarint(), 0u);
    EXPECT_EQ(decoder.Finish().code(), StatusCode::kCorruption);
  }
}

TEST(Codec, VarintsOfMoreThan64BitsAreRefused) {
  const std::string most(9, '\xff');
  for (const std::string& bytes : {most + Bytes({2}), most + Bytes({0x81, 0}), most + most}) {
    Decoder decoder(bytes, "test");
    EXPECT_EQ(decoder.ReadVarint(), 0u);
    EXPECT_EQ(decoder.Finish().code(), StatusCode::kCorruption);
  }
}

TEST(Codec, NumbersOf32BitsRefuseLargerOnes) {
  const std::string bytes = Encoded([](Encoder& e) { e.PutVarint(std::uint64_t{1} << 32); });
  Decoder decoder(bytes, "test");
  decoder.ReadVarint32();
  EXPECT_EQ(decoder.Finish().code(), StatusCode::kCorruption);
}

TEST(Codec, ValuesOfEveryTypeComeBack) {
  const double signaling = std::bit_cast<double>(std::uint64_t{0x7ff4000000000001});
  const Metadata metadata = {
      {"", Value()},
      {"bool", Value(true)},
      {"int", Value(std::numeric_limits<std::int64_t>::min())},
      {"list", Value(Value::List{Value(1), Value("x"), Value(Value::Map{{"in", Value(2.5)}})})},
      {"map", Value(Value::Map{})},
      {"minus zero", Value(-0.0)},
      {"nan", Value(signaling)},
      {"string", Value(std::string("a\0b", 3))},
      {"time", Value(Timestamp{-62135596800000000})},
  };
  const std::string bytes = Encoded([&](Encoder& e) { e.PutMetadata(metadata); });
  Decoder decoder(bytes, "test");
  const Metadata decoded = decoder.ReadMetadata();
  ASSERT_TRUE(decoder.Finish().ok());
  EXPECT_EQ(decoded, metadata);
  EXPECT_EQ(std::bit_cast<std::uint64_t>(*decoded.at("nan").AsDouble()), 0x7ff4000000000001u);
  EXPECT_TRUE(std::signbit(*decoded.at("minus zero").AsDouble()));
}

TEST(Codec, NestingIsReadUpToItsLimitAndNotBeyond) {
  for (const int depth : {Decoder::kMaxNesting, Decoder::kMaxNesting + 1}) {
    const std::string bytes = Encoded([&](Encoder& e) { e.PutValue(NestedLists(depth)); });
    Decoder decoder(bytes, "test");
    decoder.ReadValue();
    const Status status = decoder.Finish();
    EXPECT_EQ(status.ok(), depth == Decoder::kMaxNesting) << status.ToString();
  }
}

TEST(Codec, ADepthBombIsRefusedWithoutRecursing) {
  std::string bytes;
  for (int i = 0; i < 1'000'000; ++i) bytes += Bytes({6, 1});  // A list of a list of a list...
  Decoder decoder(bytes, "test");
  decoder.ReadValue();
  EXPECT_NE(decoder.Finish().message().find("nest deeper than 64"), std::string::npos);
}

TEST(Codec, CountsAndLengthsBeyondTheBytesAreRefused) {
  const std::string huge = Encoded([](Encoder& e) { e.PutVarint(std::uint64_t{1} << 60); });
  Decoder count(huge, "test");
  EXPECT_EQ(count.ReadCount(1), 0u);
  EXPECT_EQ(count.Finish().code(), StatusCode::kCorruption);
  Decoder length(huge, "test");
  EXPECT_EQ(length.ReadString(), "");
  EXPECT_EQ(length.Finish().code(), StatusCode::kCorruption);
  const std::string list = Bytes({6}) + huge;
  Decoder value(list, "test");
  value.ReadValue();
  EXPECT_EQ(value.Finish().code(), StatusCode::kCorruption);
}

TEST(Codec, CountsGoByTheLeastSizeOfWhatTheyCount) {
  const std::string bytes = Bytes({3}) + std::string(8, 'x');
  Decoder fits(bytes, "test");
  EXPECT_EQ(fits.ReadCount(2), 3u);
  EXPECT_TRUE(fits.ok());
  Decoder too_many(bytes, "test");
  EXPECT_EQ(too_many.ReadCount(3), 0u);
  EXPECT_FALSE(too_many.ok());
}

TEST(Codec, NamesOutOfOrderAndTwiceAreRefused) {
  for (const std::string& bytes :
       {Bytes({2, 1, 'b', 0, 1, 'a', 0}), Bytes({2, 1, 'a', 0, 1, 'a', 0})}) {
    Decoder decoder(bytes, "test");
    decoder.ReadMetadata();
    EXPECT_NE(decoder.Finish().message().find("ascending"), std::string::npos);
  }
}

TEST(Codec, BooleansFlagsAndTypesOutOfRangeAreRefused) {
  const std::string two = Bytes({2});
  Decoder boolean(two, "test");
  boolean.ReadBool();
  EXPECT_FALSE(boolean.Finish().ok());
  Decoder flags(two, "test");
  flags.ReadFlags(1);
  EXPECT_FALSE(flags.Finish().ok());
  const std::string eight = Bytes({8});
  Decoder type(eight, "test");
  type.ReadValue();
  EXPECT_FALSE(type.Finish().ok());
}

TEST(Codec, ASpanThatPassesTheEndOfNumbersIsRefused) {
  const std::string bytes = Encoded([](Encoder& e) {
    e.PutVarint(std::numeric_limits<std::uint64_t>::max());
    e.PutVarint(1);
  });
  Decoder decoder(bytes, "test");
  EXPECT_EQ(decoder.ReadSpan(), Span{});
  EXPECT_EQ(decoder.Finish().code(), StatusCode::kCorruption);
}

TEST(Codec, TheErrorNamesRecordOffsetAndReason) {
  const std::string bytes = Bytes({5, 'a'});
  Decoder decoder(bytes, "journal");
  decoder.ReadString();
  EXPECT_EQ(decoder.Finish().message(),
            "journal record: at byte 1 of 2: a length of 5 where 1 bytes are left");
}

TEST(Codec, TheFirstFailureIsKeptAndLaterReadsGiveNothing) {
  const std::string bytes = Bytes({2, 7, 7, 7, 7, 7, 7, 7, 7, 7});
  Decoder decoder(bytes, "test");
  decoder.ReadBool();
  EXPECT_EQ(decoder.ReadVarint(), 0u);
  EXPECT_EQ(decoder.ReadFixed64(), 0u);
  EXPECT_EQ(decoder.ReadString(), "");
  EXPECT_EQ(decoder.ReadHash(), ContentHash{});
  EXPECT_NE(decoder.Finish().message().find("boolean"), std::string::npos);
}

TEST(Codec, BytesAfterTheLastFieldAreRefused) {
  const std::string bytes = Bytes({1, 2});
  Decoder decoder(bytes, "test");
  decoder.ReadVarint();
  EXPECT_NE(decoder.Finish().message().find("1 bytes after the last field"), std::string::npos);
}

}  // namespace
}  // namespace tracevec
