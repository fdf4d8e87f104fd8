namespace RocketOps.Remoting.Connections;

/// <summary>
/// Rules for a thread that drives connections. It may not wait for a disk, a lock that somebody holds over one, or another node, for every
/// connection of the thread would wait with it. The one exception is <see cref="IBatchParticipant.Commit"/>, during which another thread
/// takes the connections over. Tests ask here wherever something could wait.
/// </summary>
public static class DriverThread
{
    /// <summary>The calling thread drives connections and is not in a commit.</summary>
    public static bool MustNotBlock => DriverRound.Current is { MustNotBlock: true };
}
