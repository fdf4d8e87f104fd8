using RocketOps.Kubernetes.Entities;

namespace RocketOps.Operator.Masters;

/// <summary>
/// Ownership among several objects that mean one thing on the brokers: the oldest has it. Times are kept in whole seconds, so of equally
/// old ones the one that has begun to manage it keeps it, and then the lowest uid decides: every pass decides alike.
/// </summary>
internal static class OldestWins
{
    /// <summary>The object that has it instead of this one; null when this one has it.</summary>
    /// <param name="entity">This one.</param>
    /// <param name="rivals">The others that mean the same.</param>
    /// <param name="holds">Whether an object has begun to manage it.</param>
    public static T? Winner<T>(T entity, IEnumerable<T> rivals, Func<T, bool> holds)
        where T : class, IKubernetesObject
    {
        T owner = entity;
        foreach (T rival in rivals)
        {
            if (IsOlder(rival, owner, holds))
            {
                owner = rival;
            }
        }

        return ReferenceEquals(owner, entity) ? null : owner;
    }

    private static bool IsOlder<T>(T left, T right, Func<T, bool> holds)
        where T : class, IKubernetesObject
    {
        int order = Nullable.Compare(left.Metadata.CreationTimestamp, right.Metadata.CreationTimestamp);
        if (order != 0)
        {
            return order < 0;
        }

        (bool leftHolds, bool rightHolds) = (holds(left), holds(right));
        return leftHolds != rightHolds ? leftHolds : string.CompareOrdinal(left.Uid(), right.Uid()) < 0;
    }
}
