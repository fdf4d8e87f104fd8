using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Tests.Connections;

namespace RocketOps.Remoting.Tests.Client;

/// <summary>A server that a test scripts: for each request of each connection the bytes to send, or null for none.</summary>
internal sealed class ScriptedListener : IAsyncDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly Func<int, RemotingCommand, byte[]?> _script;
    private readonly ConcurrentBag<NetworkStream> _connections = [];
    private readonly Task _accepting;
    private int _requests;

    /// <param name="script">Gets the number of the connection, from 1 on, and the request.</param>
    public ScriptedListener(Func<int, RemotingCommand, byte[]?> script)
    {
        _script = script;
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        Address = _listener.LocalEndPoint!.ToString()!;
        _accepting = AcceptAsync();
    }

    public string Address { get; }

    /// <summary>Requests that have arrived.</summary>
    public int Requests => Volatile.Read(ref _requests);

    /// <summary>Connections that were accepted.</summary>
    public int Connections => _connections.Count;

    /// <summary>The answer to a request.</summary>
    public static byte[] Answer(RemotingCommand request) => StreamFrames.Encode(RemotingCommand.CreateResponse(request, ResponseCode.Success));

    /// <summary>Sends bytes on the only connection.</summary>
    public ValueTask SendAsync(ReadOnlyMemory<byte> bytes) => _connections.Single().WriteAsync(bytes);

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        foreach (NetworkStream connection in _connections)
        {
            await connection.DisposeAsync();
        }

        await _accepting;
    }

    private async Task AcceptAsync()
    {
        List<Task> serving = [];
        try
        {
            while (true)
            {
                NetworkStream connection = new(await _listener.AcceptAsync(), ownsSocket: true);
                _connections.Add(connection);
                serving.Add(ServeAsync(connection, _connections.Count));
            }
        }
        catch (Exception ended) when (ended is SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(serving);
        }
    }

    private async Task ServeAsync(NetworkStream connection, int number)
    {
        try
        {
            while (true)
            {
                RemotingCommand request = await StreamFrames.ReadFrameAsync(connection);
                byte[]? answer = _script(number, request);
                Interlocked.Increment(ref _requests);
                if (answer is not null)
                {
                    await connection.WriteAsync(answer);
                }
            }
        }
        catch (Exception ended) when (ended is IOException or ObjectDisposedException)
        {
            // The client, or the test, has closed it.
        }
    }
}
