using RocketOps.Interop.Tests.Fixtures;
using RocketOps.Testing;
using RocketOps.Testing.Remoting;
using RocketOps.Testing.Rings;
using RocketOps.Testing.Remoting.Headers;
using RocketOps.Testing.Servers;

namespace RocketOps.Interop.Tests.Headers;

/// <summary>
/// Every request with every field of its header missing, none of its type, out of range or huge, asked of our servers and of Apache's: the codes are those of <c>answers.txt</c> and, of name
/// servers, <c>answers.namesrv.txt</c>. Servers of their own, since Apache's take topics of two billion queues.
/// </summary>
public sealed class HeaderWalkTests
{
    private const string Ours = "rocketops";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    // Spent on each of the few requests that are not answered.
    private static readonly TimeSpan ForSilence = TimeSpan.FromSeconds(30);

    /// <summary>Apache's columns of the files are written and proven with the deep tests; the gate holds ours to their own.</summary>
    public static TheoryData<string> Peers => Depth.IsDeep ? [Ours, ApacheServer.Version4, ApacheServer.Version5] : [Ours];

    [SkippableTheory]
    [MemberData(nameof(Peers))]
    public async Task Request_WithOneFlaw_IsAnsweredAsWritten(string name)
    {
        Kit.Require(SharedKits.RocketMq);
        ServerOptions options = new() { Broker = new Dictionary<string, string>(StringComparer.Ordinal) { ["recallMessageEnable"] = "true", ["useServerSideResetOffset"] = "true", ["mappedFileSizeCommitLog"] = "16777216" } };
        await using ServerUnderTest server = Create(name, options);
        await server.StartAsync();
        await Topics.CreateAsync(server, BrokerRows.Topic, queues: 4);
        await using (RawConnection broker = await RawConnection.ConnectAsync(server.BrokerAddress))
        {
            (await RawBroker.SendAsync(broker, BrokerRows.Topic, 0, "first"u8.ToArray())).Code.Should().Be(RawBroker.Success);
        }

        List<string> answers = await HeaderWalk.RunAsync(server.BrokerAddress, BrokerRows.All, mayNotKnow: false, Patience);

        await new RecordedAnswers("answers.txt").ShouldBeAsync(name, answers);
    }

    /// <summary>4.9.7's does not answer what it does not know.</summary>
    [SkippableTheory]
    [MemberData(nameof(Peers))]
    public async Task NameServerRequest_WithOneFlaw_IsAnsweredAsWritten(string name)
    {
        Kit.Require(SharedKits.RocketMq);
        await using ServerUnderTest server = Create(name, new ServerOptions());
        await server.StartAsync();

        List<string> answers = await HeaderWalk.RunAsync(server.NameServerAddress, NameServerRows.All, mayNotKnow: true, name == ApacheServer.Version4 ? ForSilence : Patience);

        await new RecordedAnswers("answers.namesrv.txt").ShouldBeAsync(name, answers);
    }

    private static ServerUnderTest Create(string name, ServerOptions options) => name == Ours ? new RocketOpsServer(options) : new ApacheServer(name, options);
}
