using System.Diagnostics;
using System.Globalization;

namespace RocketOps.StoreScale;

/// <summary>What this process has used so far; printed as the difference to an earlier moment, with the memory and descriptors of now.</summary>
internal readonly record struct ProcessFigures(long Timestamp, TimeSpan Processor)
{
    public static ProcessFigures Now() => new(Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);

    public void Print(string phase, string what)
    {
        TimeSpan elapsed = Stopwatch.GetElapsedTime(Timestamp);
        TimeSpan processor = Environment.CpuUsage.TotalTime - Processor;
        int descriptors = Directory.GetFileSystemEntries("/proc/self/fd").Length;
        GC.Collect();
        long managed = GC.GetTotalMemory(forceFullCollection: true);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{phase,-7} {elapsed.TotalMilliseconds,9:F0} ms {processor.TotalMilliseconds,8:F0} ms CPU {managed / 1048576.0,7:F1} MiB heap {Environment.WorkingSet / 1048576.0,7:F0} MiB resident {descriptors,6} descriptors   {what}"));
    }
}
