using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Broker.Replication.Automatic;
using RocketOps.Remoting.Commands;
using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Server;
using RocketOps.Testing;
using RocketOps.Testing.Remoting;
using RocketOps.Testing.Time;

namespace RocketOps.Broker.Tests.Replication.Automatic;

/// <summary>When connections end that lead to a member which is not the master any more.</summary>
public sealed class MisledClientsTests
{
    private const int Misled = 1;

    private static readonly TimeSpan Stay = TimeSpan.FromSeconds(2);

    private readonly FakeTimeProvider _time = new();

    /// <summary>npm's ali-ons makes no second attempt where a topic is on one broker: a connection that ends while its request is on the way costs it the message.</summary>
    [Fact]
    public async Task Connection_OfAClientThatGoesOnAsking_EndsWithAnAnswer()
    {
        await using ElectedMembers members = await ElectedMembers.StartAsync(["a"], ("minInSyncReplicas", "1"), ("masterIP1", "127.0.0.2"));
        await using RemotingServer server = await StartAsync(members);
        await using RawConnection client = await RawConnection.ConnectAsync(server.EndPoint.ToString());
        (await client.RequestAsync(Misled)).Code.Should().Be(ResponseCode.Success);

        await PassAsync(Stay);
        (await client.RequestAsync(Misled)).Code.Should().Be(ResponseCode.Success, "its request may have been on the way");

        await EndsAsync(client);
    }

    [Fact]
    public async Task Connection_OfAClientThatAsksNothingMore_EndsAMomentLater()
    {
        await using ElectedMembers members = await ElectedMembers.StartAsync(["a"], ("minInSyncReplicas", "1"), ("masterIP1", "127.0.0.2"));
        await using RemotingServer server = await StartAsync(members);
        await using RawConnection client = await RawConnection.ConnectAsync(server.EndPoint.ToString());
        await client.RequestAsync(Misled);

        await PassAsync(Stay);
        server.Connections.Should().ContainSingle("it may ask any moment");
        _time.Advance(Stay);

        await EndsAsync(client);
    }

    /// <summary>The timer behind the one that fires is set on another thread.</summary>
    private async Task PassAsync(TimeSpan span)
    {
        await Eventually.TrueAsync(() => _time.PendingTimers == 1, "the connection is noted");
        _time.Advance(span);
        await Eventually.TrueAsync(() => _time.PendingTimers == 1, "its end is near");
    }

    private static async Task EndsAsync(RawConnection client)
    {
        Func<Task> read = async () => await client.ReceiveAsync();
        await read.Should().ThrowAsync<Exception>("a Java client of version 4, which this is, gives up what it waits for only when it cannot read a frame");
        (await client.ReceiveAsync()).Should().BeNull("the next connection leads to the master");
    }

    private Task<RemotingServer> StartAsync(ElectedMembers members)
    {
        MisledClients misled = new(members["a"].Host.Parts.Address, _time);
        return RemotingServer.StartAsync(
            new RemotingServerOptions { EndPoints = [new IPEndPoint(IPAddress.Loopback, 0)] }, new RequestHandlerRegistry().Add(Misled, new PassingOn(misled)), NullLoggerFactory.Instance);
    }

    private sealed class PassingOn(MisledClients misled) : AsyncRequestHandler
    {
        public override ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
        {
            misled.Note(connection, request);
            return ValueTask.FromResult<RemotingCommand?>(RemotingCommand.CreateResponse(request, ResponseCode.Success));
        }
    }
}
