using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Topics;

/// <summary>
/// Orders the removal of a topic from one broker so that no message is lost: producers are kept out, what is left is read, clients are told that nothing is there any more, and then it goes. Each call gives one step;
/// the broker's permission says how far it is, so a crash between two steps, or a change of mind, needs no memory but the time.
/// </summary>
internal static class RemovalPlanner
{
    /// <param name="found">What the broker has; null when it does not know the topic any more.</param>
    /// <param name="permission">What the object lets clients do where the topic stays.</param>
    /// <param name="mayClose">The topic is everywhere it is asked for: producers have somewhere to go.</param>
    /// <param name="isNoticed">The permission has been what it is for as long as clients take to notice.</param>
    /// <param name="drained">Nothing is left that somebody has still to read.</param>
    public static RemovalStep Next(TopicSettings? found, int permission, bool mayClose, bool isNoticed, bool drained)
    {
        int closed = permission & ~(int)TopicPermission.Write;
        if (found is null)
        {
            return new RemovalStep(RemovalAction.Done);
        }

        if (found.IsWritable)
        {
            return mayClose ? new RemovalStep(RemovalAction.Permit, closed) : new RemovalStep(RemovalAction.WaitForOthers);
        }

        if (!isNoticed)
        {
            return new RemovalStep(RemovalAction.WaitForClients);
        }

        // Consumers are shut out only when there is nothing for them: whatever came after all is theirs to read.
        return (drained, found.Permission) switch
        {
            (true, 0) => new RemovalStep(RemovalAction.Remove),
            (true, _) => new RemovalStep(RemovalAction.Permit, 0),
            (false, 0) when closed != 0 => new RemovalStep(RemovalAction.Permit, closed),
            _ => new RemovalStep(RemovalAction.Drain),
        };
    }
}

/// <summary>Next step of a removal.</summary>
/// <param name="Action">The step.</param>
/// <param name="Permission">What clients may do from now on, with <see cref="RemovalAction.Permit"/>.</param>
internal readonly record struct RemovalStep(RemovalAction Action, int Permission = 0);

/// <summary>A step of a removal.</summary>
internal enum RemovalAction
{
    /// <summary>There is nothing to remove any more.</summary>
    Done,

    /// <summary>The topic comes to where it is asked for first.</summary>
    WaitForOthers,

    /// <summary>Clients may do less, or consumers once more something, from now on.</summary>
    Permit,

    /// <summary>Clients may not have noticed the permission.</summary>
    WaitForClients,

    /// <summary>Something is left to be read.</summary>
    Drain,

    /// <summary>The topic goes.</summary>
    Remove,
}
