using System.Text;
using RocketOps.Testing.Time;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Timers;

/// <summary>config/timermetrics, which Apache's broker begins with when it is given the store.</summary>
public sealed class TimerMetricsFileTests
{
    private const string Path = $"{TimerBroker.Root}/config/timermetrics";

    [Fact]
    public async Task File_AtTheEndOfAMaster_TellsWhatWaits()
    {
        MemoryFileSystem files = new();
        FakeTimeProvider time = new();
        await using (TimerBroker broker = await TimerBroker.StartAsync(files, time))
        {
            await broker.SendAsync("a", 60_000);
            await broker.SendAsync("b", 120_000);
            await broker.UntilTakenAsync(2);
        }

        string first = Read(files);
        await using (TimerBroker broker = await TimerBroker.StartAsync(files, time))
        {
            await broker.RunUntilAsync(TimeSpan.FromSeconds(65), 1);
        }

        first.Should().MatchRegex("""^\{"dataVersion":\{"counter":2,"stateVersion":0,"timestamp":\d+\},"timingCount":\{"Timed":\{"count":2,"timeStamp":\d+\}\}\}$""");
        Read(files).Should().Contain("\"Timed\":{\"count\":1,");
    }

    [Fact]
    public async Task File_WithoutATimer_IsNotMade()
    {
        MemoryFileSystem files = new();
        await using (await TimerBroker.StartAsync(files, new FakeTimeProvider()))
        {
        }

        files.FileExists(Path).Should().BeFalse();
    }

    [Fact]
    public async Task File_EveryFewMinutes_IsRenewed()
    {
        MemoryFileSystem files = new();
        FakeTimeProvider time = new();
        await using TimerBroker broker = await TimerBroker.StartAsync(files, time);
        await broker.SendAsync("a", 3_600_000);
        await broker.UntilTakenAsync(1);

        time.Advance(TimeSpan.FromMinutes(6));
        await Eventually.TrueAsync(
            () =>
            {
                time.Advance(TimeSpan.FromMilliseconds(1));
                return files.FileExists(Path) && Read(files).Contains("\"Timed\":{\"count\":1,", StringComparison.Ordinal);
            },
            "the file is written");
    }

    private static string Read(MemoryFileSystem files)
    {
        using Store.Files.IStoreFile file = files.Open(Path, Store.Files.FileOpenMode.Read);
        byte[] content = new byte[file.Length];
        return Encoding.UTF8.GetString(content, 0, file.Read(content, 0));
    }
}
