namespace RocketOps.Broker.Configuration;

/// <summary>Share of the process's memory that tables of clients' making may take.</summary>
internal static class MemoryShare
{
    /// <summary>Least number of entries of each kind, whatever the memory.</summary>
    private const int LeastEntries = 1_000;

    /// <summary>Bytes of memory that the process may have.</summary>
    public static long ProcessBytes => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    /// <summary>Returns how many entries of a table there may be.</summary>
    /// <param name="most">Limit of the configuration.</param>
    /// <param name="memoryBytes">Bytes of memory that the process may have.</param>
    /// <param name="bytesOfEach">Bytes of memory for each entry.</param>
    public static int Within(int most, long memoryBytes, int bytesOfEach) =>
        (int)Math.Min(most, Math.Max(LeastEntries, memoryBytes / bytesOfEach));
}
