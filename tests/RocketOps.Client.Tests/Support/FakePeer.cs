using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Server;
using RocketOps.Remoting.Server.Connections;

namespace RocketOps.Client.Tests.Support;

/// <summary>A server on loopback that answers what the test says and remembers what it was asked.</summary>
internal sealed class FakePeer : IAsyncDisposable
{
    private readonly RemotingServer _server;

    private FakePeer(RemotingServer server, ConcurrentQueue<RemotingCommand> received)
    {
        _server = server;
        Received = received;
    }

    public string Address => _server.EndPoint.ToString();

    public ConcurrentQueue<RemotingCommand> Received { get; }

    public static Task<FakePeer> StartAsync(params (int Code, Func<RemotingCommand, RemotingCommand?> Answer)[] answers) =>
        StartSlowAsync([.. answers.Select(static each => (each.Code, (Func<RemotingCommand, ValueTask<RemotingCommand?>>)(request => ValueTask.FromResult(each.Answer(request)))))]);

    /// <summary>One whose answers come when the test says.</summary>
    public static async Task<FakePeer> StartSlowAsync(params (int Code, Func<RemotingCommand, ValueTask<RemotingCommand?>> Answer)[] answers)
    {
        ConcurrentQueue<RemotingCommand> received = new();
        RequestHandlerRegistry registry = new();
        foreach ((int code, Func<RemotingCommand, ValueTask<RemotingCommand?>> answer) in answers)
        {
            registry.Add(code, new DelegateHandler((_, request, _) =>
            {
                received.Enqueue(request);
                return answer(request);
            }));
        }

        RemotingServer server = await RemotingServer.StartAsync(
            new RemotingServerOptions { EndPoints = [new IPEndPoint(IPAddress.Loopback, 0)] }, registry, NullLoggerFactory.Instance);
        return new FakePeer(server, received);
    }

    public static Func<RemotingCommand, RemotingCommand?> Body(string body) => request =>
    {
        RemotingCommand response = RemotingCommand.CreateResponse(request, ResponseCode.Success);
        response.Body = Encoding.UTF8.GetBytes(body);
        return response;
    };

    public static Func<RemotingCommand, RemotingCommand?> Code(int code, string? remark = null) => request => RemotingCommand.CreateResponse(request, code, remark);

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
