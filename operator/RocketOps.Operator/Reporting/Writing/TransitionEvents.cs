using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Events;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Operator.Reporting.Writing;

/// <summary>
/// Tells as events what changed between two sets of conditions: an object became ready, stalled or lost something. Never on a pass that finds the same, and of one thing that shows in several conditions once. What a condition
/// loses while nothing is degraded is somebody's wish or comes up for the first time, and no event.
/// </summary>
internal static class TransitionEvents
{
    private const string Action = "Reconcile";

    public static void Record(IEventRecorder recorder, IKubernetesObject entity, IEnumerable<Condition>? before, IEnumerable<Condition>? after)
    {
        List<Condition> previous = before?.ToList() ?? [];
        List<Condition> next = after?.ToList() ?? [];
        HashSet<string> told = new(StringComparer.Ordinal);
        foreach (Condition condition in next.Where(static condition => condition.Status == ConditionStatus.True))
        {
            Condition? last = Conditions.Find(previous, condition.Type);
            if (last?.Status == ConditionStatus.True && last.Reason == condition.Reason)
            {
                continue;
            }

            switch (condition.Type)
            {
                case ConditionTypes.Ready:
                    recorder.Record(entity, EventType.Normal, "Ready", Action, condition.Message);
                    break;
                case ConditionTypes.Stalled or ConditionTypes.Degraded:
                case ConditionTypes.Paused when condition.Reason == Reasons.InvalidPause:
                    Warn(condition);
                    break;
                default:
                    break;
            }
        }

        // Whoever relies on the protection learns it now, and not when the cluster is gone.
        if (Conditions.Find(next, ConditionTypes.Protected) is { Status: ConditionStatus.False } open && Conditions.Find(previous, ConditionTypes.Protected) is not { Status: ConditionStatus.False })
        {
            Warn(open);
        }

        if (Conditions.Find(next, ConditionTypes.Degraded) is not { Status: ConditionStatus.True } degraded)
        {
            return;
        }

        told.Add(degraded.Reason);
        foreach (Condition lost in next.Where(condition =>
            condition is { Type: ConditionTypes.Available or ConditionTypes.Ready or ConditionTypes.Replicated, Status: not ConditionStatus.True }
            && Conditions.IsTrue(previous, condition.Type)
            && Reasons.IsFault(condition.Reason)))
        {
            Warn(lost);
        }

        void Warn(Condition condition)
        {
            if (told.Add(condition.Reason))
            {
                recorder.Record(entity, EventType.Warning, condition.Reason, Action, condition.Message);
            }
        }
    }
}
