#include "app/translation.h"

#include "app/messages.h"

#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <stdexcept>

namespace zimage::app {
namespace {

constexpr std::string_view kSeparator = ": ";
constexpr std::string_view kHole = "{}", kMessageHole = "{*}";

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool is_chinese(std::string_view locale) {
  if (!locale.starts_with("zh")) return false;
  locale.remove_prefix(2);
  if (!locale.empty() && std::string_view("_.@-").find(locale[0]) == std::string_view::npos) return false;
  const std::size_t dot = locale.find('.');
  if (dot == std::string_view::npos) return true;
  const std::string_view encoding = locale.substr(dot + 1, locale.find('@') - dot - 1);
  return encoding == "UTF-8" || encoding == "utf8" || encoding == "utf-8" || encoding == "UTF8";
}

// The first of a list such as "zh_CN:en" that this program speaks.
Language first_spoken(std::string_view list) {
  while (!list.empty()) {
    const std::string_view one = list.substr(0, list.find(':'));
    if (is_chinese(one)) return Language::chinese;
    if (one.starts_with("en")) return Language::english;
    list.remove_prefix(std::min(list.size(), one.size() + 1));
  }
  return Language::english;
}

std::string_view next_line(std::string_view& text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(text.size(), line.size() + 1));
  return line;
}

}  // namespace

LocaleSettings locale_settings() {
  return {variable("LC_ALL"), variable("LC_MESSAGES"), variable("LANG"), variable("LANGUAGE")};
}

Language language_of(const LocaleSettings& settings) {
  const std::string& locale = !settings.lc_all.empty()        ? settings.lc_all
                              : !settings.lc_messages.empty() ? settings.lc_messages
                                                              : settings.lang;
  if (locale.empty() || locale == "C" || locale == "POSIX" || locale.starts_with("C.")) return Language::english;
  if (!settings.language.empty()) return first_spoken(settings.language);
  return is_chinese(locale) ? Language::chinese : Language::english;
}

MessageTemplate::MessageTemplate(std::string_view english, std::string_view translated)
    : english_(english), translated_(translated) {
  std::string literal;
  while (!english.empty()) {
    const bool is_message = english.starts_with(kMessageHole);
    if (is_message || english.starts_with(kHole)) {
      literals_.push_back(std::move(literal));
      literal.clear();
      is_message_.push_back(is_message);
      english.remove_prefix(is_message ? kMessageHole.size() : kHole.size());
    } else {
      literal += english[0];
      english.remove_prefix(1);
    }
  }
  literals_.push_back(std::move(literal));
}

std::size_t MessageTemplate::literal_bytes() const {
  return std::accumulate(literals_.begin(), literals_.end(), std::size_t{0},
                         [](std::size_t sum, const std::string& literal) { return sum + literal.size(); });
}

bool MessageTemplate::match(std::string_view message, std::vector<std::string_view>& captures) const {
  captures.clear();
  if (holes() == 0) return message == english_;
  if (!message.starts_with(literals_.front()) || !message.ends_with(literals_.back())) return false;
  std::size_t at = literals_.front().size();
  for (std::size_t hole = 0; hole < holes(); ++hole) {
    const std::string& next = literals_[hole + 1];
    const bool is_last = hole + 1 == holes();
    if (is_last && message.size() < at + 1 + next.size()) return false;
    const std::size_t end = is_last ? message.size() - next.size() : message.find(next, at + 1);
    if (end == std::string_view::npos) return false;
    captures.push_back(message.substr(at, end - at));
    at = end + next.size();
  }
  return true;
}

std::string MessageTemplate::filled(const std::vector<std::string>& captures) const {
  std::string text;
  for (std::size_t i = 0; i < translated_.size(); ++i) {
    const bool is_hole = translated_[i] == '{' && i + 2 < translated_.size() && translated_[i + 2] == '}' &&
                         translated_[i + 1] >= '0' && translated_[i + 1] <= '9';
    if (is_hole) {
      text += captures.at(static_cast<std::size_t>(translated_[i + 1] - '0'));
      i += 2;
    } else {
      text += translated_[i];
    }
  }
  return text;
}

Catalogue::Catalogue(std::string_view text) {
  std::string_view english;
  while (!text.empty()) {
    const std::string_view line = next_line(text);
    if (line.starts_with("= ")) {
      if (english.empty()) throw std::logic_error("no English before: " + std::string(line));
      templates_.emplace_back(english, line.substr(2));
      english = {};
    } else if (!line.empty() && !line.starts_with('#')) {
      if (!english.empty()) throw std::logic_error("not translated: " + std::string(english));
      english = line;
    }
  }
  std::stable_sort(templates_.begin(), templates_.end(), [](const MessageTemplate& a, const MessageTemplate& b) {
    return a.literal_bytes() > b.literal_bytes();
  });
}

std::string Catalogue::whole(std::string_view message, Holes holes) const {
  std::vector<std::string_view> captures;
  for (const MessageTemplate& candidate : templates_) {
    if (!candidate.match(message, captures)) continue;
    std::vector<std::string> filling;
    bool fits = true;
    for (std::size_t i = 0; i < captures.size(); ++i) {
      const bool has_parts = captures[i].find(kSeparator) != std::string_view::npos;
      // What comes before the first literal is a subject, which no hole takes along, unless it comes first again.
      const bool takes_subject = i == 0 && candidate.begins_with_hole() && !candidate.begins_with_its_message();
      fits = fits && !(has_parts && (takes_subject || (holes == Holes::narrow && !candidate.is_message(i))));
      filling.push_back(fits && candidate.is_message(i) ? translated(captures[i]) : std::string(captures[i]));
    }
    if (fits) return candidate.filled(filling);
  }
  return "";
}

// "FILE: tensor NAME: rule": the longest end that is known is translated, and the parts before it but the first, which
// names a file or an option.
std::string Catalogue::in_parts(std::string_view message, Holes holes) const {
  for (std::size_t at = message.find(kSeparator); at != std::string_view::npos; at = message.find(kSeparator, at + 1)) {
    const std::string end = whole(message.substr(at + kSeparator.size()), holes);
    if (end.empty()) continue;
    std::string_view subject = message.substr(0, at);
    std::string text(subject.substr(0, subject.find(kSeparator)));
    subject.remove_prefix(text.size());
    while (!subject.empty()) {
      subject.remove_prefix(kSeparator.size());
      const std::string_view part = subject.substr(0, subject.find(kSeparator));
      const std::string translated = whole(part, Holes::narrow);
      text += kSeparator;
      text += translated.empty() ? part : std::string_view(translated);
      subject.remove_prefix(part.size());
    }
    return text + std::string(kSeparator) + end;
  }
  return "";
}

std::string Catalogue::translated(std::string_view message) const {
  // "error: ", what stands before a message: the Chinese colon brings its own space.
  const std::string_view trimmed = message.ends_with(' ') ? message.substr(0, message.size() - 1) : message;
  for (const Holes holes : {Holes::narrow, Holes::wide}) {
    if (std::string text = whole(trimmed, holes); !text.empty()) return text;
    if (std::string text = in_parts(message, holes); !text.empty()) return text;
  }
  return std::string(message);
}

const Catalogue& chinese() {
  static const Catalogue catalogue(chinese_messages());
  return catalogue;
}

std::string in_users_language(const std::string& message) {
  static const Language language = language_of(locale_settings());
  return language == Language::chinese ? chinese().translated(message) : message;
}

}  // namespace zimage::app
