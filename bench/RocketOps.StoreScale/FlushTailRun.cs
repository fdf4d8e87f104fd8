using System.Diagnostics;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Store;
using RocketOps.Store.Files;

namespace RocketOps.StoreScale;

/// <summary>
/// How long a lone message waits for the disk, and how long the disk itself takes for the same bytes: appended to a growing file, to reserved blocks and to blocks that
/// were written before. What the store adds is the difference. Lines: what, then percentiles in milliseconds.
/// </summary>
internal sealed class FlushTailRun(string directory, int count)
{
    private const int BodyBytes = 1024;
    private const int FileBytes = 64 * 1024 * 1024;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(1);

    public async Task RunAsync()
    {
        Directory.CreateDirectory(directory);
        Console.WriteLine($"{"",-34}{"p50",9}{"p99",9}{"p99.9",9}{"max",9}   ms, {count} x {BodyBytes} bytes, {1 / Interval.TotalSeconds:F0}/s");
        await DiskAsync("disk: fdatasync, growing file", static (_, _) => { });
        await DiskAsync("disk: fdatasync, reserved blocks", static (file, length) => file.Allocate(length));
        await DiskAsync("disk: fdatasync, zero-filled", static (file, length) =>
        {
            file.Allocate(length);
            byte[] zeros = new byte[1024 * 1024];
            for (long at = 0; at < length; at += zeros.Length)
            {
                file.Write(zeros, at);
            }

            file.FlushData();
        });
        await StoreAsync("store: SYNC_FLUSH", zeroFill: false);
        await StoreAsync("store: SYNC_FLUSH, zero-filled", zeroFill: true);
    }

    private async Task DiskAsync(string what, Action<IStoreFile, long> prepare)
    {
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

    private async Task StoreAsync(string what, bool zeroFill)
    {
        string root = Path.Combine(directory, "flush-store");
        StoreOptions options = new()
        {
            RootDirectory = root,
            FlushDiskType = FlushDiskType.SyncFlush,
            CommitLogFileBytes = FileBytes,
            ZeroFillAhead = zeroFill,
            DiskWarningRatio = 100,
            DeleteHours = [],
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
                long start = Stopwatch.GetTimestamp();
                PhysicalOffset end = Append(store, topic, host, body);
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
                Append(store, topic, host, body);
            }

            store.Writer.WritePending();
            await store.Writer.WhenAsync(LogPosition.Durable, store.Positions.Appended);
        }
    }

    private static PhysicalOffset Append(MessageStore store, StoreTopic topic, MessageHost host, byte[] body)
    {
        AppendStatus status = store.Writer.Append(new MessageToAppend { Topic = topic, QueueId = 0, BornHost = host, StoreHost = host, Body = body, Properties = "UNIQ_KEY\u00010123456789ABCDEF"u8 }, out AppendResult result);
        return status == AppendStatus.Ok ? result.End : throw new InvalidOperationException($"append: {status}");
    }

    private static void Print(string what, double[] times)
    {
        Array.Sort(times);
        Console.WriteLine($"{what,-34}{At(0.5),9:F3}{At(0.99),9:F3}{At(0.999),9:F3}{times[^1],9:F3}");

        double At(double share) => times[(int)(share * (times.Length - 1))];
    }
}
