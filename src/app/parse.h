// The strict parsers of config/, for options.
#pragma once

#include "config/parse.h"

namespace zimage::app {

using config::check_prompt_text;
using config::IntegerRange;
using config::OptionValue;
using config::parse_choice;
using config::parse_integer;
using config::parse_not_negative;
using config::parse_pixels;
using config::parse_seed;
using config::parse_size;

}  // namespace zimage::app
