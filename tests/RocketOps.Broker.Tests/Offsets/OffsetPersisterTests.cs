using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Offsets;
using RocketOps.Broker.Overload;
using RocketOps.Broker.Tests.Support;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;
using RocketOps.Testing;
using RocketOps.Testing.Time;

namespace RocketOps.Broker.Tests.Offsets;

/// <summary>Offsets go on being written, whatever happened to an earlier write.</summary>
public sealed class OffsetPersisterTests : IDisposable
{
    private readonly TempDirectory _directory = new("offsets-");
    private readonly HookedFileSystem _files = new();
    private readonly FakeTimeProvider _time = new();
    private readonly BrokerSettings _settings;
    private readonly ConsumerOffsetTable _offsets;
    private readonly OffsetPersister _persister;

    public OffsetPersisterTests()
    {
        _settings = new BrokerSettings(TestBroker.OptionsOf(new(StringComparer.Ordinal) { ["storePathRootDir"] = _directory.Path }));
        _offsets = new ConsumerOffsetTable(_settings, _settings.Of<OffsetOptions>(), new RefusedEntries(_time, NullLogger<RefusedEntries>.Instance), _files, _time);
        _persister = new OffsetPersister(
            _settings.Of<OffsetOptions>(), _offsets, new DelayOffsetTable(_settings, static () => new PhysicalOffset(long.MaxValue), static _ => Task.FromResult(WaitOutcome.Reached), _files, _time), _time, NullLogger<OffsetPersister>.Instance);
    }

    public static TheoryData<Exception> Failures =>
    [
        new StoreIOException("rename", "consumerOffset.json", StoreIOException.NoSpace, "No space left on device"),
        new InvalidOperationException("the array is not large enough"),
        new OperationCanceledException("not ours"),
    ];

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task Run_AWriteFails_TheNextOneIsMadeAllTheSame(Exception failure)
    {
        _files.BeforeRename = _ => throw failure;
        _persister.Start();
        _offsets.Commit("T", "g", 0, 7);
        await TickAsync();
        await Eventually.TrueAsync(() => _persister.Failures > 0, "the write has failed");

        _files.BeforeRename = null;
        await TickAsync();

        await Eventually.TrueAsync(() => OnDisk() == 7, "the offset is in the file");
        await _persister.DisposeAsync();
    }

    [Fact]
    public async Task Dispose_TheLastWriteFails_IsCountedAndTheStopGoesOn()
    {
        _persister.Start();
        _offsets.Commit("T", "g", 0, 7);
        _files.BeforeRename = static _ => throw new InvalidOperationException("whatever");

        await _persister.Invoking(static async persister => await persister.DisposeAsync()).Should().NotThrowAsync();

        _persister.Failures.Should().Be(1);
    }

    [Fact]
    public async Task Run_AWriteFails_IsToldAndTheNextRoundWritesAgain()
    {
        string file = _directory.File("config", "delayOffset.json");
        int writes = 0;
        _files.BeforeRename = path =>
        {
            if (path.EndsWith("delayOffset.json", StringComparison.Ordinal) && Interlocked.Increment(ref writes) == 1)
            {
                throw new InvalidOperationException("a bug");
            }
        };
        RecordedLog log = new();
        DelayOffsetTable delayOffsets = new(_settings, static () => new PhysicalOffset(long.MaxValue), static _ => Task.FromResult(WaitOutcome.Reached), _files, _time);
        await using OffsetPersister persister = new(_settings.Of<OffsetOptions>(), _offsets, delayOffsets, _time, LoggerFactoryExtensions.CreateLogger<OffsetPersister>(log));
        delayOffsets.Set(3, 7);
        persister.Start();

        _time.Advance(_settings.Of<OffsetOptions>().Value.FlushDelayOffsetInterval);
        await Eventually.TrueAsync(() => log.Lines.Any(static line => line.Text.Contains("delayOffset.json", StringComparison.Ordinal)), "the failure is told");
        File.Exists(file).Should().BeFalse();
        _time.Advance(_settings.Of<OffsetOptions>().Value.FlushDelayOffsetInterval);

        await Eventually.TrueAsync(() => File.Exists(file), "the next round writes");
        File.ReadAllText(file).Should().Contain("3:7");
    }

    public void Dispose() => _directory.Dispose();

    private async Task TickAsync()
    {
        await Eventually.TrueAsync(() => _time.PendingTimers == 2, "both loops wait for their interval");
        _time.Advance(_settings.Of<OffsetOptions>().Value.FlushConsumerOffsetInterval);
    }

    private long OnDisk()
    {
        ConsumerOffsetTable read = new(_settings, _settings.Of<OffsetOptions>(), new RefusedEntries(_time, NullLogger<RefusedEntries>.Instance), new LinuxFileSystem(), _time);
        read.Load();
        return read.Query("T", "g", 0);
    }
}
