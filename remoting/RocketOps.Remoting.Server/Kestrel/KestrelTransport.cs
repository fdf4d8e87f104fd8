using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using RocketOps.Remoting.Connections;

namespace RocketOps.Remoting.Server.Kestrel;

/// <summary>A connection that Kestrel accepted, which owns and disposes what is underneath.</summary>
internal sealed class KestrelTransport(ConnectionContext context) : PipeTransport
{
    public override string Id => context.ConnectionId;

    public override IPEndPoint RemoteEndPoint { get; } = context.RemoteEndPoint as IPEndPoint ?? new IPEndPoint(IPAddress.None, 0);

    public override IPEndPoint LocalEndPoint { get; } = context.LocalEndPoint as IPEndPoint ?? new IPEndPoint(IPAddress.None, 0);

    public override PipeReader Input => context.Transport.Input;

    public override PipeWriter Output => context.Transport.Output;

    public override CancellationToken Closed => context.ConnectionClosed;

    public override CancellationToken StopRequested => context.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? CancellationToken.None;

    public override void Abort(string reason) => context.Abort(new ConnectionAbortedException(reason));

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
