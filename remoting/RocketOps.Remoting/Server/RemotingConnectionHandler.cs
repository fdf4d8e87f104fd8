using System.Collections.Concurrent;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using RocketOps.Remoting.Connections;

namespace RocketOps.Remoting.Server;

/// <summary>Runs a <see cref="RemotingConnection"/> for every connection Kestrel accepts, and knows them all.</summary>
internal sealed class RemotingConnectionHandler : ConnectionHandler
{
    private readonly RequestHandlerRegistry _handlers;
    private readonly RemotingOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ConcurrentDictionary<string, RemotingConnection> _connections = new(StringComparer.Ordinal);

    public RemotingConnectionHandler(RequestHandlerRegistry handlers, RemotingOptions options, TimeProvider time, ILogger logger)
    {
        _handlers = handlers;
        _options = options;
        _time = time;
        _logger = logger;
    }

    public ICollection<RemotingConnection> Connections => _connections.Values;

    public override async Task OnConnectedAsync(ConnectionContext connection)
    {
        RemotingConnection remoting = new(connection, _handlers, _options, _time, _logger);
        _connections[remoting.Id] = remoting;
        try
        {
            await remoting.RunAsync();
        }
        finally
        {
            _connections.TryRemove(remoting.Id, out _);
        }
    }

    public void CloseIdle()
    {
        foreach ((_, RemotingConnection connection) in _connections)
        {
            connection.CloseIfIdle();
        }
    }
}
