#include "app/plan_report.h"

#include "app/json_values.h"
#include "plan/explain.h"

namespace zimage::app {
namespace {

using io::Json;

Json stages_json(const plan::Plan& plan) {
  Json::Array stages;
  for (const plan::StagePlan& stage : plan.stages) {
    Json::Array levers;
    for (const std::string& name : plan::lever_names(plan, stage.stage)) levers.push_back(json(name));
    stages.push_back(Json(Json::Object{{"name", json(plan::stage_name(stage.stage))},
                                       {"predicted_peak_bytes", json(stage.peak.total())},
                                       {"weights_bytes", json(stage.peak.weights)},
                                       {"slots_bytes", json(stage.peak.slots)},
                                       {"activations_bytes", json(stage.peak.activations)},
                                       {"workspace_bytes", json(stage.peak.workspace)},
                                       {"context_bytes", json(stage.peak.context)},
                                       {"resident_bytes", json(stage.resident_bytes)},
                                       {"streamed_bytes", json(stage.streamed_bytes)},
                                       {"predicted_seconds", Json(stage.seconds)},
                                       {"levers", Json(std::move(levers))}}));
  }
  return Json(std::move(stages));
}

void add_plan(Json::Object& members, const plan::Plan& plan) {
  members.emplace_back("predicted_peak_bytes", json(plan.peak_bytes()));
  members.emplace_back("predicted_seconds", Json(plan.seconds()));
  members.emplace_back("host_weight_bytes", json(plan.host.weight_bytes));
  members.emplace_back("from_file_bytes", json(plan.host.from_file_bytes));
  members.emplace_back("stages", stages_json(plan));
}

}  // namespace

std::string report_text(const PlanReport& report) {
  const plan::Outcome& outcome = report.outcome;
  std::string text = report.title + "\n" + plan::explain(outcome.plan ? *outcome.plan : outcome.shortfall->closest);
  if (!report.ladder.empty()) text += "\n" + plan::explain(report.ladder);
  return text;
}

std::string report_json(const PlanReport& report) {
  const plan::Outcome& outcome = report.outcome;
  const plan::Plan& plan = outcome.plan ? *outcome.plan : outcome.shortfall->closest;
  Json::Object members{{"fits", Json(outcome.plan.has_value())}, {"budget_bytes", json(plan.budget_bytes)}};
  add_plan(members, plan);
  if (outcome.shortfall) {
    members.emplace_back("shortfall_bytes", json(outcome.shortfall->missing_bytes));
    members.emplace_back("suggestion", json(outcome.shortfall->suggestion));
  }
  if (!report.ladder.empty()) {
    Json::Array rungs;
    for (const plan::Plan& rung : report.ladder) {
      Json::Object object;
      add_plan(object, rung);
      rungs.push_back(Json(std::move(object)));
    }
    members.emplace_back("ladder", Json(std::move(rungs)));
  }
  return io::to_string(Json(std::move(members))) + "\n";
}

}  // namespace zimage::app
