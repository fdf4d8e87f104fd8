using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Broker.Clients;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Delay;
using RocketOps.Broker.Hosting;
using RocketOps.Broker.Offsets;
using RocketOps.Broker.Tests.Support;
using RocketOps.Store;
using RocketOps.Testing;
using RocketOps.Testing.Time;

namespace RocketOps.Broker.Tests.Hosting;

public sealed class OffsetPersisterTests : IDisposable
{
    private readonly TempDirectory _directory = new();
    private int _writes;

    [Fact]
    public async Task Run_AWriteFailsUnexpectedly_TheNextRoundWritesAgain()
    {
        string file = _directory.File("config", "delayOffset.json");
        HookedFileSystem files = new() { BeforeRename = FailOnce };
        FakeTimeProvider time = new();
        RecordedLog log = new();
        BrokerSettings settings = new(TestBroker.OptionsOf(new Dictionary<string, string>(StringComparer.Ordinal) { ["storePathRootDir"] = _directory.Path }));
        DelayOffsetTable delayOffsets = new(settings, static () => new PhysicalOffset(long.MaxValue), static _ => Task.FromResult(WaitOutcome.Reached), files, time);
        await using OffsetPersister persister = new(settings, new ConsumerOffsetTable(settings, new RefusedEntries(time, NullLogger<RefusedEntries>.Instance), files, time), delayOffsets, time, Microsoft.Extensions.Logging.LoggerFactoryExtensions.CreateLogger<OffsetPersister>(log));
        delayOffsets.Set(3, 7);
        persister.Start();

        time.Advance(settings.Current.FlushDelayOffsetInterval);
        await Eventually.TrueAsync(() => log.Lines.Any(static line => line.Text.Contains("delayOffset.json", StringComparison.Ordinal)), "the failure is told");
        File.Exists(file).Should().BeFalse();
        time.Advance(settings.Current.FlushDelayOffsetInterval);

        await Eventually.TrueAsync(() => File.Exists(file), "the next round writes");
        File.ReadAllText(file).Should().Contain("3:7");
    }

    /// <summary>Levels are added while the table is written: neither fails, and no level that was there before is missing.</summary>
    [Fact]
    public async Task Serialize_LevelsAreAddedMeanwhile_IsWhole()
    {
        for (int round = 0; round < 200; round++)
        {
            BrokerSettings settings = new(TestBroker.OptionsOf(new Dictionary<string, string>(StringComparer.Ordinal) { ["storePathRootDir"] = _directory.Path }));
            DelayOffsetTable table = new(settings, static () => new PhysicalOffset(long.MaxValue), static _ => Task.FromResult(WaitOutcome.Reached), new HookedFileSystem(), TimeProvider.System);
            table.Set(1, 5);
            using Barrier start = new(2);
            Task adding = Task.Run(() =>
            {
                start.SignalAndWait();
                for (int level = 2; level < 200; level++)
                {
                    table.Set(level, level);
                }
            });
            start.SignalAndWait();

            while (!adding.IsCompleted)
            {
                System.Text.Encoding.UTF8.GetString(table.Serialize().Span).Should().Contain("1:5");
            }

            await adding;
        }
    }

    public void Dispose() => _directory.Dispose();

    private void FailOnce(string path)
    {
        if (path.EndsWith("delayOffset.json", StringComparison.Ordinal) && Interlocked.Increment(ref _writes) == 1)
        {
            throw new InvalidOperationException("a bug");
        }
    }
}
