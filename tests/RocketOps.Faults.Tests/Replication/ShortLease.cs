using System.Diagnostics;
using System.Globalization;

namespace RocketOps.Faults.Tests.Replication;

/// <summary>
/// Settings of a lease that ends by itself within a test, and yet not while its holder waits for the CPU: 2 s, and as many times that as this machine is slower than one that does nothing else.
/// <c>ROCKETOPS_LEASE_MILLIS</c> names another.
/// </summary>
internal static class ShortLease
{
    private const int LeastMillis = 2_000;

    /// <summary>CPU time after which it is known how much of the CPU there is.</summary>
    private static readonly TimeSpan Sample = TimeSpan.FromMilliseconds(300);

    public static int Millis { get; } = int.TryParse(Environment.GetEnvironmentVariable("ROCKETOPS_LEASE_MILLIS"), CultureInfo.InvariantCulture, out int millis) ? millis : LeastMillis * Slowness();

    public static Dictionary<string, string> Settings { get; } = new(StringComparer.Ordinal)
    {
        ["leaseDurationMillis"] = Text(Millis),
        ["leaseRenewMillis"] = Text(Millis / 8),
        ["leaseMarginMillis"] = Text(Millis / 6),

        // Four renewals, in each of which a follower says that it has everything.
        ["haMaxTimeSlaveNotCatchup"] = Text(Math.Max(LeastMillis, Millis / 2)),
    };

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>How many times longer than its CPU time something takes.</summary>
    private static int Slowness()
    {
        using Process self = Process.GetCurrentProcess();
        long begun = Stopwatch.GetTimestamp();
        TimeSpan before = self.TotalProcessorTime;
        TimeSpan used = TimeSpan.Zero;
        while (used < Sample)
        {
            Thread.SpinWait(100_000);
            self.Refresh();
            used = self.TotalProcessorTime - before;
        }

        return Math.Max(1, (int)Math.Round(Stopwatch.GetElapsedTime(begun) / used));
    }
}
