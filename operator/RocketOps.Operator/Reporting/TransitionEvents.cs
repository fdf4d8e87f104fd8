using RocketOps.Kubernetes;
using RocketOps.Kubernetes.Events;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Operator.Reporting;

/// <summary>Tells as events what changed between two sets of conditions: an object became ready, stalled or lost something. Never on a pass that finds the same.</summary>
internal static class TransitionEvents
{
    private const string Action = "Reconcile";

    public static void Record(IEventRecorder recorder, IKubernetesObject entity, IEnumerable<Condition>? before, IEnumerable<Condition>? after)
    {
        List<Condition> previous = before?.ToList() ?? [];
        foreach (Condition condition in after ?? [])
        {
            Condition? last = Conditions.Find(previous, condition.Type);
            if (condition.Status != ConditionStatus.True || (last?.Status == ConditionStatus.True && last.Reason == condition.Reason))
            {
                continue;
            }

            switch (condition.Type)
            {
                case ConditionTypes.Ready:
                    recorder.Record(entity, EventType.Normal, "Ready", Action, condition.Message);
                    break;
                case ConditionTypes.Stalled or ConditionTypes.Degraded:
                    recorder.Record(entity, EventType.Warning, condition.Reason, Action, condition.Message);
                    break;
                case ConditionTypes.Paused when condition.Reason == Reasons.InvalidPause:
                    recorder.Record(entity, EventType.Warning, condition.Reason, Action, condition.Message);
                    break;
                default:
                    break;
            }
        }
    }
}
