using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Hosting;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Masters;

/// <summary>When an object that is kept on masters is looked at again without an event: what waits, less and less often the longer it waits; what is settled, once per round. Spread, so that thousands do not come at once.</summary>
internal static class PassIntervals
{
    /// <summary>Of one that is as asked for, or that only a person can help.</summary>
    public static TimeSpan Settled(OperatorOptions options) => Spread(options.ResyncInterval);

    /// <summary>Of one that waits for something: a quarter of the time it has waited, from the progress interval up to a round.</summary>
    public static TimeSpan Waiting(OperatorOptions options, IEnumerable<Condition>? conditions, DateTimeOffset now)
    {
        TimeSpan waited = now - (Conditions.Find(conditions, ConditionTypes.Reconciling)?.LastTransitionTime ?? now);
        return Spread(TimeSpan.FromTicks(Math.Clamp(waited.Ticks / 4, options.ProgressInterval.Ticks, Math.Max(options.ProgressInterval.Ticks, options.ResyncInterval.Ticks))));
    }

    private static TimeSpan Spread(TimeSpan interval) => interval * (0.9 + (Random.Shared.NextDouble() / 5));
}
