#include "tests/judged_set.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <fstream>
#include <functional>
#include <set>
#include <sstream>
#include <stdexcept>
#include <utility>

#include <zlib.h>

namespace tracevec {
namespace {

std::string PathOf(const std::string& name, const std::string& file) {
  const auto path = SharedDataPath("ir/" + name + "/" + file);
  if (!path) throw std::runtime_error(MissingSharedData("ir/" + name + "/" + file));
  return *path;
}

/// Lines "query <TAB> text <TAB> gain" after a header.
std::map<std::string, std::map<std::string, double>> ReadJudgements(const std::string& path) {
  gzFile file = gzopen(path.c_str(), "rb");
  if (file == nullptr) throw std::runtime_error(path + ": cannot be opened");
  std::map<std::string, std::map<std::string, double>> gains;
  char line[4096];
  for (bool header = true; gzgets(file, line, sizeof line) != nullptr; header = false) {
    std::istringstream fields(line);
    std::string query;
    std::string text;
    double gain = 0;
    if (!header && fields >> query >> text >> gain) gains[query][text] = gain;
  }
  gzclose(file);
  return gains;
}

std::string LightStem(std::string word) {
  const auto drop = [&](std::string_view suffix, std::size_t least) {
    if (word.size() < suffix.size() + least || !std::string_view(word).ends_with(suffix)) {
      return false;
    }
    word.resize(word.size() - suffix.size());
    return true;
  };
  if (word.size() > 3 && word.ends_with("ies")) {
    word.replace(word.size() - 3, 3, "y");
  } else if (!word.ends_with("ss") && !word.ends_with("us")) {
    drop("s", 3);
  }
  if (!drop("ing", 3)) drop("ed", 3);
  drop("e", 3);
  return word;
}

}  // namespace

JudgedSet ReadJudgedSet(const std::string& name) {
  JudgedSet set;
  set.name = name;
  JsonlGzReader corpus(PathOf(name, "corpus.jsonl.gz"));
  while (const auto row = corpus.Next()) {
    set.ids.push_back(row->at("_id"));
    set.texts.push_back(row->at("title").get<std::string>() + " " +
                        row->at("text").get<std::string>());
  }
  set.vectors = ReadHalfNpy(PathOf(name, "docs.f16.npy"));
  set.query_vectors = ReadHalfNpy(PathOf(name, "queries.f16.npy"));
  auto gains = ReadJudgements(PathOf(name, "qrels/test.tsv.gz"));
  JsonlGzReader queries(PathOf(name, "queries.jsonl.gz"));
  for (std::size_t place = 0; const auto row = queries.Next(); ++place) {
    const auto judged = gains.find(row->at("_id"));
    if (judged == gains.end()) continue;
    set.queries.push_back({row->at("text"), place, std::move(judged->second)});
  }
  return set;
}

double NdcgAt10(const JudgedQuery& query, const std::vector<std::string>& ranking) {
  const auto discounted = [](double gain, std::size_t place) {
    return gain / std::log2(static_cast<double>(place) + 2);
  };
  double found = 0;
  for (std::size_t i = 0; i < std::min<std::size_t>(10, ranking.size()); ++i) {
    const auto judged = query.gains.find(ranking[i]);
    if (judged != query.gains.end()) found += discounted(judged->second, i);
  }
  std::vector<double> gains;
  for (const auto& [id, gain] : query.gains) gains.push_back(gain);
  std::sort(gains.begin(), gains.end(), std::greater<>());
  double best = 0;
  for (std::size_t i = 0; i < std::min<std::size_t>(10, gains.size()); ++i) {
    best += discounted(gains[i], i);
  }
  return best > 0 ? found / best : 0;
}

std::string LightStems(const std::string& text) {
  static const std::set<std::string, std::less<>> kKept = {"this", "was", "is", "as", "his"};
  std::string stems;
  std::string word;
  const auto end_word = [&] {
    if (word.empty()) return;
    stems += (kKept.contains(word) ? word : LightStem(word)) + " ";
    word.clear();
  };
  for (const char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || static_cast<unsigned char>(c) >= 128) {
      word += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    } else {
      end_word();
    }
  }
  end_word();
  return stems;
}

std::string WithoutSyntax(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '"' || c == '+' || c == '-' || c == '*'; },
      ' ');
  return text;
}

}  // namespace tracevec
