namespace RocketOps.Kubernetes.Models;

/// <summary>Reads and writes lists of conditions, which are maps by type.</summary>
public static class Conditions
{
    public static Condition? Find(IEnumerable<Condition>? conditions, string type) =>
        conditions?.FirstOrDefault(c => c.Type == type);

    public static bool IsTrue(IEnumerable<Condition>? conditions, string type) =>
        Find(conditions, type)?.Status == ConditionStatus.True;

    /// <summary>
    /// Puts a condition into the list, in the place of the one with its type. The transition time is kept when the status stays, and is
    /// <paramref name="now"/> in whole seconds when it changes: the server stores no fractions, they would look like drift.
    /// </summary>
    /// <returns>True when anything but the transition time differs from before.</returns>
    public static bool Set(List<Condition> conditions, Condition condition, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(conditions);
        ArgumentNullException.ThrowIfNull(condition);

        int index = conditions.FindIndex(c => c.Type == condition.Type);
        Condition? previous = index < 0 ? null : conditions[index];
        condition.LastTransitionTime = previous is not null && previous.Status == condition.Status && previous.LastTransitionTime is { } since
            ? since
            : WholeSeconds(now);

        if (previous is null)
        {
            conditions.Add(condition);
            return true;
        }

        conditions[index] = condition;
        return previous.Status != condition.Status
            || previous.Reason != condition.Reason
            || previous.Message != condition.Message
            || previous.ObservedGeneration != condition.ObservedGeneration;
    }

    /// <returns>True when there was one.</returns>
    public static bool Remove(List<Condition> conditions, string type)
    {
        ArgumentNullException.ThrowIfNull(conditions);
        return conditions.RemoveAll(c => c.Type == type) > 0;
    }

    private static DateTimeOffset WholeSeconds(DateTimeOffset time) =>
        DateTimeOffset.FromUnixTimeSeconds(time.ToUnixTimeSeconds());
}
