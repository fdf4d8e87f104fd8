using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Settings;

namespace RocketOps.Operator.Masters;

/// <summary>
/// Delays until an object that is kept on masters is looked at again without an event: what waits, less and less often the longer it waits;
/// what is settled, once per round. Spread, so that thousands do not come at once.
/// </summary>
internal static class PassIntervals
{
    /// <summary>Returns the delay of an object that is as asked for, or that only a person can help.</summary>
    public static TimeSpan Settled(OperatorOptions options) => Spread(options.ResyncInterval);

    /// <summary>
    /// Returns the delay of an object that waits for something: a quarter of the time it has waited, from the progress interval up to a
    /// round.
    /// </summary>
    public static TimeSpan Waiting(OperatorOptions options, IEnumerable<Condition>? conditions, DateTimeOffset now) =>
        Waiting(options, Conditions.Find(conditions, ConditionTypes.Reconciling)?.LastTransitionTime ?? now, now);

    /// <param name="options">How long intervals are.</param>
    /// <param name="conditions">Of the object, as they are now.</param>
    /// <param name="closedSince">Since when a new group is closed that the object is yet to come to, and that waits for it; null when there is none.</param>
    /// <param name="now">The time.</param>
    public static TimeSpan Next(OperatorOptions options, IEnumerable<Condition>? conditions, DateTimeOffset? closedSince, DateTimeOffset now) =>
        Conditions.IsTrue(conditions, ConditionTypes.Reconciling) ? Waiting(options, conditions, now)
        : closedSince is { } since ? Waiting(options, since, now)
        : Settled(options);

    private static TimeSpan Waiting(OperatorOptions options, DateTimeOffset since, DateTimeOffset now) =>
        Spread(TimeSpan.FromTicks(Math.Clamp((now - since).Ticks / 4, options.ProgressInterval.Ticks, Math.Max(options.ProgressInterval.Ticks, options.ResyncInterval.Ticks))));

    private static TimeSpan Spread(TimeSpan interval) => interval * (0.9 + (Random.Shared.NextDouble() / 5));
}
