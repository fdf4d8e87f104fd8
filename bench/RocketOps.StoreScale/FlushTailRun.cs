using System.Diagnostics;
using System.Net;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Store;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;
using RocketOps.Store.Log;

namespace RocketOps.StoreScale;

/// <summary>
/// How long a lone message waits for the disk, and how long the disk itself takes for the same bytes: appended to a growing file, to reserved blocks and to blocks that
/// were written before. What the store adds is the difference. Lines: what, then percentiles in milliseconds.
/// </summary>
/// <param name="directory">On the disk to be measured.</param>
/// <param name="count">Messages of each line.</param>
/// <param name="only">Part of the names of the lines to be measured; empty measures all.</param>
internal sealed class FlushTailRun(string directory, int count, string only)
{
    private const int BodyBytes = 1024;

    /// <summary>Keys of a message of the line with much write-back: within two seconds they change nearly every page of the index file's slots.</summary>
    private const int ManyKeys = 16;

    private const int SlotBytes = 20 * 1024 * 1024;
    private const int StepBytes = 256 * 1024;
    private const int FileBytes = 64 * 1024 * 1024;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(1);

    public async Task RunAsync()
    {
        Directory.CreateDirectory(directory);
        Console.WriteLine($"{"",-34}{"p50",9}{"p99",9}{"p99.9",9}{"max",9}   ms, {count} x {BodyBytes} bytes, {1 / Interval.TotalSeconds:F0}/s");
        await DiskAsync("disk: fdatasync, growing file", static (_, _) => { });
        await DiskAsync("disk: fdatasync, reserved blocks", static (file, length) => file.Allocate(0, length));
        await DiskAsync("disk: fdatasync, zero-filled", static (file, length) =>
        {
            file.Allocate(0, length);
            byte[] zeros = new byte[1024 * 1024];
            for (long at = 0; at < length; at += zeros.Length)
            {
                file.Write(zeros, at);
            }

            file.FlushData();
        });
        await BesideAsync("disk: beside a flush of 20 MB", inSteps: false);
        await BesideAsync("disk: beside it in steps", inSteps: true);
        await StoreAsync("store: SYNC_FLUSH", zeroFill: false, keys: 0);
        await StoreAsync("store: SYNC_FLUSH, zero-filled", zeroFill: true, keys: 0);
        await StoreAsync("store: SYNC_FLUSH, much write-back", zeroFill: false, ManyKeys);
    }

    private async Task DiskAsync(string what, Action<IStoreFile, long> prepare)
    {
        if (!what.Contains(only, StringComparison.Ordinal))
        {
            return;
        }

        LinuxFileSystem files = new();
        string path = Path.Combine(directory, "flush-tail");
        byte[] body = new byte[BodyBytes];
        double[] times = new double[count];
        using (IStoreFile file = files.Open(path, FileOpenMode.Truncate))
        {
            prepare(file, ((long)count * BodyBytes) + FileBytes);
            using PeriodicTimer timer = new(Interval);
            for (int i = 0; i < count; i++)
            {
                long start = Stopwatch.GetTimestamp();
                file.Write(body, (long)i * BodyBytes);
                file.FlushData();
                times[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
                await timer.WaitForNextTickAsync();
            }
        }

        files.DeleteFile(path);
        Print(what, times);
    }

    /// <summary>Only those flushes that ran beside a flush of as much as the slots of an index file, once a second.</summary>
    private async Task BesideAsync(string what, bool inSteps)
    {
        if (!what.Contains(only, StringComparison.Ordinal))
        {
            return;
        }

        LinuxFileSystem files = new();
        string path = Path.Combine(directory, "flush-tail");
        string otherPath = Path.Combine(directory, "flush-beside");
        byte[] body = new byte[BodyBytes];
        List<double> times = [];
        bool isFlushing = false;
        using (IStoreFile file = files.Open(path, FileOpenMode.Truncate))
        using (IStoreFile other = files.Open(otherPath, FileOpenMode.Truncate))
        using (CancellationTokenSource done = new())
        {
            file.Allocate(0, ((long)count * BodyBytes) + FileBytes);
            Task flushes = FlushOtherAsync(other, done.Token);
            using PeriodicTimer timer = new(Interval);
            for (int i = 0; i < count; i++)
            {
                long start = Stopwatch.GetTimestamp();
                bool beside = Volatile.Read(ref isFlushing);
                file.Write(body, (long)i * BodyBytes);
                file.FlushData();
                if (beside || Volatile.Read(ref isFlushing))
                {
                    times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
                }

                await timer.WaitForNextTickAsync();
            }

            await done.CancelAsync();
            await flushes;
        }

        files.DeleteFile(path);
        files.DeleteFile(otherPath);
        if (times.Count > 0)
        {
            Print(what, [.. times]);
        }

        async Task FlushOtherAsync(IStoreFile other, CancellationToken cancellationToken)
        {
            byte[] pages = new byte[SlotBytes];
            while (!cancellationToken.IsCancellationRequested)
            {
                await Task.Delay(TimeSpan.FromSeconds(1), CancellationToken.None);
                other.Write(pages, 0);
                Volatile.Write(ref isFlushing, true);
                for (int at = 0; inSteps && at < SlotBytes; at += StepBytes)
                {
                    other.WriteBack(at, StepBytes);
                }

                other.FlushData();
                Volatile.Write(ref isFlushing, false);
            }
        }
    }

    private async Task StoreAsync(string what, bool zeroFill, int keys)
    {
        if (!what.Contains(only, StringComparison.Ordinal))
        {
            return;
        }

        string root = Path.Combine(directory, "flush-store");
        StoreOptions options = new()
        {
            RootDirectory = root,
            FlushDiskType = FlushDiskType.SyncFlush,
            CommitLogFileBytes = FileBytes,
            ZeroFillAhead = zeroFill,

            // Else once a minute, and the run is shorter than that.
            ConsumeQueueThoroughIntervalMs = keys > 0 ? 2000 : 60_000,
            Tuning = new() { DiskWarningRatio = 100, DeleteHours = [] },
        };
        double[] times = new double[count];
        await using (MessageStore store = new(options, new LinuxFileSystem(), TimeProvider.System, NullLoggerFactory.Instance))
        {
            await store.StartAsync(CancellationToken.None);
            StoreTopic topic = store.GetOrAddTopic("FlushTail"u8);
            await store.Writer.LoadQueueAsync(topic, 0, CancellationToken.None);
            MessageHost host = MessageHost.From(IPAddress.Loopback, 10911);
            byte[] body = new byte[BodyBytes];

            // Past the first file, which nobody could prepare, and most of the way through the second, during which the third is.
            await FillAsync(store, topic, host, body, FileBytes * 7L / 4);
            await Task.Delay(TimeSpan.FromSeconds(8));
            await FillAsync(store, topic, host, body, FileBytes * 2L);
            using PeriodicTimer timer = new(Interval);
            for (int i = 0; i < count; i++)
            {
                byte[] properties = Properties(i, keys);
                long start = Stopwatch.GetTimestamp();
                LogMark end = await AppendAsync(store, topic, host, body, properties);
                store.Writer.WritePending();
                await store.Writer.WhenAsync(LogPosition.Durable, end);
                times[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
                await timer.WaitForNextTickAsync();
            }
        }

        Directory.Delete(root, recursive: true);
        Print(what, times);
    }

    private static async Task FillAsync(MessageStore store, StoreTopic topic, MessageHost host, byte[] body, long until)
    {
        while (store.Positions.Appended.Value < until)
        {
            for (int i = 0; i < 256; i++)
            {
                await AppendAsync(store, topic, host, body, Properties(i, keys: 0));
            }

            store.Writer.WritePending();
            await store.Writer.WhenAsync(LogPosition.Durable, store.Positions.End);
        }
    }

    private static byte[] Properties(int message, int keys) =>
        Encoding.UTF8.GetBytes($"UNIQ_KEY\u0001{message:D16}{(keys > 0 ? $"\u0002KEYS\u0001{string.Join(' ', Enumerable.Range(0, keys).Select(key => $"{key}k{message}"))}" : "")}");

    private static async ValueTask<LogMark> AppendAsync(MessageStore store, StoreTopic topic, MessageHost host, byte[] body, byte[] properties)
    {
        AppendStatus status = Append(out AppendResult result);
        while (status == AppendStatus.WouldBlock && await store.Writer.WhenRoomAsync() == WaitOutcome.Reached)
        {
            status = Append(out result);
        }

        return status == AppendStatus.Ok ? result.Mark : throw new InvalidOperationException($"append: {status}");

        AppendStatus Append(out AppendResult result)
        {
            RecordFields fields = new() { BornHost = host, StoreHost = host };
            MessageToAppend message = new() { Topic = topic, QueueId = 0, Fields = fields, Body = body, Properties = properties };
            return store.Writer.Append(message, out result);
        }
    }

    private static void Print(string what, double[] times)
    {
        Array.Sort(times);
        Console.WriteLine($"{what,-34}{At(0.5),9:F3}{At(0.99),9:F3}{At(0.999),9:F3}{times[^1],9:F3}");

        double At(double share) => times[(int)(share * (times.Length - 1))];
    }
}
