using System.Text;
using RocketOps.Protocol.Commands;
using RocketOps.Testing.Time;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Support;

/// <summary>A log in memory, whose files are of 1970 and expire when the test says so, all but the newest.</summary>
internal static class ExpiringLog
{
    private const string Kept = "1000000";

    public static (string Key, string Value)[] Settings =>
        [("storePathRootDir", "/store"), ("mappedFileSizeCommitLog", "65536"), ("fileReservedTime", Kept), ("deleteWhen", string.Join(';', Enumerable.Range(0, 24)))];

    /// <summary>Everything that is in the log now is taken away by retention; what comes later is kept. Some time goes on meanwhile.</summary>
    public static async Task ExpireAsync(TestBroker broker, FakeTimeProvider time)
    {
        long end = broker.Host.Modules.Host.Store.GetStats().MaxOffset.Value;
        for (int i = 0; i < 5; i++)
        {
            await broker.SendAsync("Filling", new string('x', 20_000));
        }

        // Beyond retention's interval, and then by so little that no client is taken for gone.
        await UpdateAsync(broker, "fileReservedTime=72");
        time.Advance(TimeSpan.FromSeconds(11));
        await Eventually.TrueAsync(
            async () =>
            {
                time.Advance(TimeSpan.FromMilliseconds(100));
                await broker.SendAsync("Filling", "wakes the store's thread");
                return broker.Host.Modules.Host.Store.GetStats().MinOffset.Value >= end;
            },
            "what was in the log has expired");
        await UpdateAsync(broker, $"fileReservedTime={Kept}");
    }

    /// <summary>Changes a live key.</summary>
    public static async Task UpdateAsync(TestBroker broker, string line)
    {
        RemotingCommand update = RemotingCommand.CreateRequest(RequestCode.UpdateBrokerConfig);
        update.Body = Encoding.UTF8.GetBytes($"{line}\n");
        (await broker.InvokeAsync(update)).Code.Should().Be(ResponseCode.Success);
    }
}
