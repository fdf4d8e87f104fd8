using System.Net;
using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Store;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;
using RocketOps.Store.Log;
using RocketOps.Store.Reading;

namespace RocketOps.Benchmarks.Store;

/// <summary>
/// One message of 1 KiB through the store as a connection's loop does it: appended, written and dispatched once per batch, read back from the tail.
/// Expected allocation: 0 B per message.
/// </summary>
[MemoryDiagnoser]
public class AppendBenchmarks
{
    private const int Operations = 1 << 14;

    private readonly byte[] _body = new byte[1024];
    private readonly byte[] _output = new byte[64 * 1024];
    private readonly GetResult _result = new();
    private readonly MessageHost _host = MessageHost.From(IPAddress.Loopback, 10911);
    private string _directory = "";
    private MessageStore? _store;
    private StoreTopic? _topic;

    /// <summary>Messages a connection had readable at once.</summary>
    [Params(1, 16, 64)]
    public int Batch { get; set; }

    [Params(false, true)]
    public bool Index { get; set; }

    [GlobalSetup]
    public async Task Setup()
    {
        _directory = Directory.CreateTempSubdirectory("rocketops-bench-").FullName;
        StoreOptions options = new() { RootDirectory = _directory, IndexEnabled = Index, Tuning = new() { DiskWarningRatio = 100, DiskMaxUsedRatio = 1, FileReservedHours = 1 } };
        _store = new MessageStore(options, new LinuxFileSystem(), TimeProvider.System, NullLoggerFactory.Instance);
        await _store.StartAsync(CancellationToken.None);
        _topic = _store.GetOrAddTopic("Bench"u8);
    }

    [GlobalCleanup]
    public async Task Cleanup()
    {
        await _store!.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Operations)]
    public void AppendWriteDispatch()
    {
        for (int done = 0; done < Operations; done += Batch)
        {
            AppendOneBatch();
        }
    }

    [Benchmark(OperationsPerInvoke = Operations)]
    public void AppendWriteDispatchRead()
    {
        for (int done = 0; done < Operations; done += Batch)
        {
            long offset = AppendOneBatch();
            for (int read = 0; read < Batch; read += _result.Count)
            {
                if (_store!.Reader.GetMessages(_topic!, 0, offset + read, new GetLimits(Batch), null, _result) != GetStatus.Found || !_store.Reader.TryCopyMessages(_result, _output))
                {
                    throw new InvalidOperationException("A message just written cannot be read.");
                }
            }
        }
    }

    private long AppendOneBatch()
    {
        long first = -1;
        for (int i = 0; i < Batch; i++)
        {
            AppendStatus status = Append(out AppendResult result);
            while (status == AppendStatus.WouldBlock && _store!.Writer.WhenRoomAsync().GetAwaiter().GetResult() == WaitOutcome.Reached)
            {
                // The disk is behind with blocks for the log.
                status = Append(out result);
            }

            if (status != AppendStatus.Ok)
            {
                throw new InvalidOperationException($"Append answered {status}.");
            }

            first = first < 0 ? result.QueueOffset : first;
        }

        _store!.Writer.WritePending();
        return first;
    }

    private AppendStatus Append(out AppendResult result) => _store!.Writer.Append(
        new MessageToAppend
        {
            Topic = _topic!,
            QueueId = 0,
            Fields = new() { BornHost = _host, StoreHost = _host },
            Body = _body,
            Properties = "UNIQ_KEY\u00010A010209126718B4AAC2000186A00000\u0002TAGS\u0001TagA"u8,
        },
        out result);
}
