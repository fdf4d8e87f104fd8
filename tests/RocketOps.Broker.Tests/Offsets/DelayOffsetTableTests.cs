using RocketOps.Broker.Configuration;
using RocketOps.Broker.Offsets;
using RocketOps.Broker.Tests.Support;
using RocketOps.Store.Contracts;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Offsets;

public sealed class DelayOffsetTableTests : IDisposable
{
    private readonly TempDirectory _directory = new();

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
}
