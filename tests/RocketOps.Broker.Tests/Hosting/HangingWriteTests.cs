using System.Globalization;
using System.Net;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Client;
using RocketOps.Store.Files;
using RocketOps.Testing.Time;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Hosting;

/// <summary>While a write of the log hangs in the kernel, only those wait who are to be told that it is done.</summary>
public sealed class HangingWriteTests
{
    [Fact]
    public async Task Write_Hangs_PullsHeartbeatsAndHealthAreAnswered()
    {
        using Gate gate = new();
        GatedFileSystem files = new(new LinuxFileSystem());
        await using TestBroker broker = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["httpPort"] = "-1" }, fileSystem: files);
        await broker.SendAsync("T", "before");
        await broker.SubscribeAsync("g", "T");
        files.BeforeWrite = gate.Pass;
        await using RemotingClient producer = TestBroker.NewClient();
        using HttpClient http = new();

        Task<RemotingCommand> stuck = producer.InvokeAsync(broker.Address, Requests.Send("T", "stuck"), TimeSpan.FromSeconds(90));
        await gate.Reached;

        Requests.Decode(await broker.PullAsync("g", "T", 0, 0)).Should().ContainSingle("what was written before is read from memory");
        await broker.SubscribeAsync("g", "T", version: 2);
        using HttpResponseMessage alive = await http.GetAsync($"http://{broker.Host.HttpEndPoint}/livez");
        alive.StatusCode.Should().Be(HttpStatusCode.OK);
        stuck.IsCompleted.Should().BeFalse("nothing is acknowledged before it is written");

        gate.Open();
        (await stuck).Code.Should().Be(ResponseCode.Success);
    }

    [Fact]
    public async Task Flush_Hangs_AnswersThatWaitForItAreCounted()
    {
        using Gate gate = new();
        GatedFileSystem files = new(new LinuxFileSystem());
        await using TestBroker broker = await TestBroker.StartAsync(
            new(StringComparer.Ordinal) { ["flushDiskType"] = "SYNC_FLUSH", ["syncFlushTimeout"] = "180000" }, fileSystem: files);
        await broker.SendAsync("T", "before");
        await Eventually.TrueAsync(() => broker.Host.HeldBytes == 0, "nobody waits");
        files.BeforeFlush = gate.Pass;

        Task<RemotingCommand> stuck = broker.InvokeAsync(Requests.Send("T", "stuck"));

        await Eventually.TrueAsync(() => broker.Host.HeldBytes > 0, "its answer waits");
        gate.Open();
        (await stuck).Code.Should().Be(ResponseCode.Success);
        await Eventually.TrueAsync(() => broker.Host.HeldBytes == 0, "it has left");
    }

    /// <summary>What is in this process alone is lost with it: nobody may take it for stored, neither a producer nor a consumer that gives a message back and goes on behind it.</summary>
    [Theory]
    [InlineData("ASYNC_FLUSH")]
    [InlineData("SYNC_FLUSH")]
    public async Task Write_HangsForLongerThanClientsWait_NobodyIsToldStored(string flush)
    {
        using Gate gate = new();
        GatedFileSystem files = new(new LinuxFileSystem());
        Dictionary<string, string> settings = new(StringComparer.Ordinal) { ["flushDiskType"] = flush, ["osPageCacheBusyTimeOutMills"] = "3600000" };
        await using TestBroker broker = await TestBroker.StartAsync(settings, fileSystem: files);
        RemotingCommand before = await broker.SendAsync("T", "before");
        long offset = long.Parse(before.GetRequired("msgId").AsSpan(16), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        (await broker.InvokeAsync(SendBack(offset))).Code.Should().Be(ResponseCode.Success);
        RemotingCommand impatient = RemotingCommand.CreateRequest(RequestCode.UpdateBrokerConfig);
        impatient.Body = "syncFlushTimeout=100"u8.ToArray();
        (await broker.InvokeAsync(impatient)).Code.Should().Be(ResponseCode.Success);
        files.BeforeWrite = gate.Pass;
        await using RemotingClient producer = TestBroker.NewClient();
        Task<RemotingCommand> stuck = producer.InvokeAsync(broker.Address, Requests.Send("T", "stuck"), TimeSpan.FromSeconds(90));
        await gate.Reached;

        RemotingCommand sent = await broker.InvokeAsync(Requests.Send("T", "behind it"));
        RemotingCommand sentBack = await broker.InvokeAsync(SendBack(offset));
        gate.Open();

        (sent.Code, sent.Remark).Should().Be((ResponseCode.ServiceNotAvailable, "service not available now: the disk did not take the message in time (syncFlushTimeout), and it may be lost or stored; it is to be sent again"));
        (sentBack.Code, sentBack.Remark).Should().Be((ResponseCode.SystemError, "SERVICE_NOT_AVAILABLE"));
        await stuck;
    }

    /// <summary>It is in the kernel, which a power cut takes: a producer is told that it is stored and not safe, a consumer, who would go on behind the message, that it is not given back.</summary>
    [Fact]
    public async Task SendBack_TheFlushIsLate_IsRefusedUntilTheDiskAnswersAgain()
    {
        GatedFileSystem files = new(new LinuxFileSystem());
        FakeTimeProvider time = new();
        Dictionary<string, string> settings = new(StringComparer.Ordinal) { ["flushDiskType"] = "SYNC_FLUSH", ["syncFlushTimeout"] = "100" };
        await using TestBroker broker = await TestBroker.StartAsync(settings, fileSystem: files, time: time);
        using Gate gate = new();
        RemotingCommand before = await broker.SendAsync("T", "before");
        long offset = long.Parse(before.GetRequired("msgId").AsSpan(16), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        (await broker.InvokeAsync(SendBack(offset))).Code.Should().Be(ResponseCode.Success);
        await using RemotingClient consumer = TestBroker.NewClient();
        files.BeforeFlush = gate.Pass;

        Task<RemotingCommand> late = consumer.InvokeAsync(broker.Address, SendBack(offset), TimeSpan.FromSeconds(90));
        await gate.Reached;
        await Eventually.TrueAsync(
            () =>
            {
                time.Advance(TimeSpan.FromMilliseconds(100));
                return late.IsCompleted;
            },
            "the wait for the disk ends");
        gate.Open();

        RemotingCommand refused = await late;
        (refused.Code, refused.Remark).Should().Be((ResponseCode.SystemError, "FLUSH_DISK_TIMEOUT"));
        (await broker.InvokeAsync(SendBack(offset))).Code.Should().Be(ResponseCode.Success);
    }

    private static RemotingCommand SendBack(long offset) =>
        Requests.SendBack("g", offset);
}
