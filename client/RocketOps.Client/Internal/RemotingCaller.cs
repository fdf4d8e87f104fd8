using System.Net.Sockets;
using RocketOps.Remoting.Client;
using RocketOps.Remoting.Commands;

namespace RocketOps.Client.Internal;

/// <summary>Requests whose failures come out as <see cref="RocketMqException"/>, saying which server and why.</summary>
internal sealed class RemotingCaller(RemotingClient remoting)
{
    /// <summary>The answer, whatever its code. Throws <see cref="RocketMqException"/> without a response code when there is none.</summary>
    public async Task<RemotingCommand> InvokeAsync(string address, RemotingCommand request, TimeSpan timeout, CancellationToken cancellationToken)
    {
        try
        {
            return await remoting.InvokeAsync(address, request, timeout, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception failure) when (IsUnreachable(failure))
        {
            throw Unreachable(address, failure);
        }
    }

    /// <summary>The answer of a request that succeeded. Throws <see cref="RocketMqException"/> with the server's code otherwise.</summary>
    public async Task<RemotingCommand> InvokeSuccessAsync(string address, RemotingCommand request, TimeSpan timeout, CancellationToken cancellationToken)
    {
        RemotingCommand response = await InvokeAsync(address, request, timeout, cancellationToken).ConfigureAwait(false);
        return response.Code == ResponseCode.Success ? response : throw new RocketMqException(response.Code, response.Remark, address);
    }

    /// <summary>Sends without waiting for an answer. Throws <see cref="RocketMqException"/> when the server cannot be reached.</summary>
    public async Task SendOneWayAsync(string address, RemotingCommand request, CancellationToken cancellationToken)
    {
        try
        {
            await remoting.InvokeOneWayAsync(address, request, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception failure) when (IsUnreachable(failure))
        {
            throw Unreachable(address, failure);
        }
    }

    // Most failures name the address already.
    private static RocketMqException Unreachable(string address, Exception failure) =>
        new(failure.Message.Contains(address, StringComparison.Ordinal) ? failure.Message : $"{address}: {failure.Message}", failure);

    private static bool IsUnreachable(Exception failure) =>
        failure is TimeoutException or IOException or SocketException or FormatException or InvalidOperationException and not ObjectDisposedException;
}
