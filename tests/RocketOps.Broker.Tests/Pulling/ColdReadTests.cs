using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Headers;
using RocketOps.Remoting.Client;
using RocketOps.Store.Contracts;
using RocketOps.Testing;
using RocketOps.Testing.Time;

namespace RocketOps.Broker.Tests.Pulling;

/// <summary>Pulls of messages that only the disk has.</summary>
public sealed class ColdReadTests
{
    private const string Topic = "Cold";

    // As many as the store lets wait for its disk (StoreOptions.ColdReadQueueLength), and more; of one connection no more than it may have at work.
    private const int Clients = 6;
    private const int PullsPerClient = 800;

    private const int ReadFailed = 3101;
    private const int ReadsRefused = 3103;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Pull_TooManyWaitForTheDisk_RestIsAnsweredBusyAndNobodyWaits()
    {
        using TempDirectory directory = new("cold-");
        await using (TestBroker before = await TestBroker.StartAsync(directory: directory))
        {
            await before.CreateTopicAsync(Topic);
            await before.SendAsync(Topic, "only on disk");
        }

        using StuckReads disk = new();
        using RecordedLog log = new();
        await using TestBroker broker = await TestBroker.StartAsync(directory: directory, fileSystem: disk, loggers: log, time: new FakeTimeProvider());
        RemotingClient[] clients = [.. Enumerable.Range(0, Clients).Select(_ => TestBroker.NewClient())];
        using IDisposable spell = disk.Begin();
        try
        {
            List<Task<RemotingCommand>> pulls = [.. clients.SelectMany(client => Enumerable.Range(0, PullsPerClient).Select(_ => PullAsync(broker, client)))];

            RemotingCommand refused = await (await Task.WhenAny(pulls)).WaitAsync(Patience);
            refused.Code.Should().Be(ResponseCode.SystemBusy);
            refused.Remark.Should().Contain("the disk cannot keep up");

            // A thread that takes its read out late leaves a place behind it: the others come when every thread hangs and every place is taken again.
            StoreOptions limits = new() { RootDirectory = directory.Path };
            await Eventually.TrueAsync(() => disk.Waiting == limits.ColdReadThreads, "every thread that reads hangs");
            pulls.AddRange(Enumerable.Range(0, limits.ColdReadThreads).Select(_ => PullAsync(broker, clients[0])));
            int waiting = limits.ColdReadQueueLength + limits.ColdReadThreads;
            await Eventually.TrueAsync(() => pulls.Count(static pull => pull.IsCompleted) >= pulls.Count - waiting, "all but those that wait are refused");
            foreach (RemotingCommand request in OtherReads())
            {
                RemotingCommand busy = await broker.InvokeAsync(request);
                busy.Code.Should().Be(ResponseCode.SystemBusy, $"request code {request.Code} needs the disk as well");
                busy.Remark.Should().Contain("the disk cannot keep up").And.NotContain("Exception");
            }

            await broker.SubscribeAsync("others", Topic);
            disk.End();

            RemotingCommand[] answers = await Task.WhenAll(pulls).WaitAsync(Patience);
            answers.Select(answer => answer.Code).Distinct().Should().BeEquivalentTo([ResponseCode.Success, ResponseCode.SystemBusy]);
            log.Lines.Should().ContainSingle(static line => line.Id == ReadsRefused, "hundreds were refused, and the clock stands still");
            log.Lines.Should().NotContain(static line => line.Id == ReadFailed);
        }
        finally
        {
            foreach (RemotingClient client in clients)
            {
                await client.DisposeAsync();
            }
        }
    }

    private static RemotingCommand[] OtherReads() =>
    [
        RemotingCommand.CreateRequest(RequestCode.ViewMessageById).Set("offset", 0),
        RemotingCommand.CreateRequest(RequestCode.SearchOffsetByTimestamp).Set("topic", Topic).Set("queueId", 0).Set("timestamp", 1),
        RemotingCommand.CreateRequest(RequestCode.GetEarliestMessageStoreTime).Set("topic", Topic).Set("queueId", 0),
    ];

    private static Task<RemotingCommand> PullAsync(TestBroker broker, RemotingClient client) =>
        client.InvokeAsync(broker.Address, Requests.Pull("cold", Topic, 0, 0, PullMessageRequestHeader.SubscriptionFlag, max: 1, subscription: "*"), Patience);
}
