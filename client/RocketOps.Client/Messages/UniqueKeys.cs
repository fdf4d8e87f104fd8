using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace RocketOps.Client;

/// <summary>
/// Makes the ids that producers give their messages. Source: remoting.md §4.5.
/// </summary>
/// <remarks>
/// Bytes, written as 32 upper-case hexadecimal digits; all numbers big-endian:
/// <code>
///   off  size  field
///   0    4     IPv4 address of this machine
///   4    2     process id, low 16 bits
///   6    4     a number constant in the process (Java: hash of the class loader), here random, and another one when the clock has gone back
///   10   4     milliseconds since the month began here, on a clock that no summer time moves
///   14   2     counter
/// </code>
/// </remarks>
internal sealed class UniqueKeys(TimeProvider time, IPAddress address)
{
    private const int Length = 16;

    /// <summary>
    /// Ticks that a thread's reading of the clock may lie behind another's before the clock counts as gone back; another number costs
    /// little then.
    /// </summary>
    private const long ToleratedTicks = TimeSpan.TicksPerMillisecond;

    private readonly Lock _gate = new();
    private int _process = Random.Shared.Next();
    private long _latestTicks;
    private volatile Month _month = new(DateTimeOffset.MaxValue, DateTimeOffset.MinValue);
    private int _counter;

    /// <summary>Two clients of one process share neither the random number nor the counter.</summary>
    public string Next()
    {
        Span<byte> key = stackalloc byte[Length];
        _ = address.AddressFamily == AddressFamily.InterNetwork && address.TryWriteBytes(key, out _);
        DateTimeOffset now = time.GetUtcNow();
        NoteTime(now.UtcTicks);
        Month month = _month;
        if (now < month.Begin || now >= month.End)
        {
            _month = month = MonthOf(now);
        }

        BinaryPrimitives.WriteInt16BigEndian(key[4..], unchecked((short)Environment.ProcessId));
        BinaryPrimitives.WriteInt32BigEndian(key[6..], Volatile.Read(ref _process));
        BinaryPrimitives.WriteInt32BigEndian(key[10..], unchecked((int)(long)(now - month.Begin).TotalMilliseconds));
        BinaryPrimitives.WriteInt16BigEndian(key[14..], unchecked((short)Interlocked.Increment(ref _counter)));
        return Convert.ToHexString(key);
    }

    // A clock that goes back names the same milliseconds again, where the counter may meet its old numbers: thousands of times an hour in a producer that is busy.
    private void NoteTime(long ticks)
    {
        if (ticks >= Volatile.Read(ref _latestTicks) - ToleratedTicks)
        {
            if (ticks > Volatile.Read(ref _latestTicks))
            {
                Volatile.Write(ref _latestTicks, ticks);
            }

            return;
        }

        lock (_gate)
        {
            if (ticks < _latestTicks - ToleratedTicks)
            {
                Volatile.Write(ref _process, Random.Shared.Next());
                Volatile.Write(ref _latestTicks, ticks);
            }
        }
    }

    private Month MonthOf(DateTimeOffset now)
    {
        DateTime local = TimeZoneInfo.ConvertTime(now, time.LocalTimeZone).DateTime;
        DateTime first = new(local.Year, local.Month, 1, 0, 0, 0, DateTimeKind.Unspecified);
        return new Month(Here(first), Here(first.AddMonths(1)));
    }

    private DateTimeOffset Here(DateTime local) => new(local, time.LocalTimeZone.GetUtcOffset(local));

    /// <summary>Moments, which the clock on the wall shows twice in an hour of autumn.</summary>
    private sealed record Month(DateTimeOffset Begin, DateTimeOffset End);
}
