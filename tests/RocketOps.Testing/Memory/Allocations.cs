namespace RocketOps.Testing.Memory;

/// <summary>Counts the bytes that a piece of code allocates on its thread.</summary>
public static class Allocations
{
    private const int Rounds = 20;

    /// <summary>
    /// The least that one of some rounds allocated. The runtime itself now and then allocates on whatever thread it meets: it compiles code for good, its cache of casts grows. What the code allocates,
    /// it allocates in every round.
    /// </summary>
    /// <param name="round">What is measured; it does the same so often that an object for some of the times is seen.</param>
    /// <param name="enough">No further round when one allocated no more than that.</param>
    public static long Least(Action round, long enough = 0)
    {
        ArgumentNullException.ThrowIfNull(round);
        long least = long.MaxValue;
        for (int i = 0; i < Rounds && least > enough; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            round();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
