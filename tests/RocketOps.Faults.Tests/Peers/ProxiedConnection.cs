using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace RocketOps.Faults.Tests.Peers;

/// <summary>One connection through a <see cref="FaultProxy"/>.</summary>
internal sealed class ProxiedConnection : IDisposable
{
    private const int WrongOpaque = 1_000_000_000;
    private const int WaitingAnswers = 1024;

    private static readonly TimeSpan TrickleInterval = TimeSpan.FromSeconds(1);

    private readonly FaultProxy _proxy;
    private readonly TcpClient _client;
    private readonly CancellationTokenSource _ended;
    private readonly ConcurrentDictionary<int, int> _codes = new();
    private readonly Lock _ending = new();
    private bool _isOver;
    private volatile bool _isSilent;
    private volatile bool _isCut;

    public ProxiedConnection(FaultProxy proxy, TcpClient client, CancellationToken stopping)
    {
        _proxy = proxy;
        _client = client;
        _ended = CancellationTokenSource.CreateLinkedTokenSource(stopping);
    }

    /// <summary>True when an answer was sent in part.</summary>
    public bool IsCut => _isCut;

    /// <summary>From now on nothing passes.</summary>
    public void Silence() => _isSilent = true;

    public void End()
    {
        lock (_ending)
        {
            if (!_isOver)
            {
                _ended.Cancel();
            }
        }
    }

    public void Dispose()
    {
        lock (_ending)
        {
            _isOver = true;
        }

        _client.Dispose();
        _ended.Dispose();
    }

    public async Task ServeAsync(IPEndPoint target)
    {
        using TcpClient server = new();
        Channel<(Frame Frame, long Arrived)> answers = Channel.CreateBounded<(Frame, long)>(WaitingAnswers);
        try
        {
            await server.ConnectAsync(target, _ended.Token);
            Task[] ways =
            [
                PassRequestsAsync(_client.GetStream(), server.GetStream()),
                TakeAnswersAsync(server.GetStream(), answers.Writer),
                GiveAnswersAsync(answers.Reader, _client.GetStream()),
            ];
            await Task.WhenAny(ways);
            await _ended.CancelAsync();
            await Task.WhenAll(ways);
        }
        catch (Exception over) when (over is SocketException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            // An end is gone, or the fault has ended this connection.
        }
    }

    private async Task PassRequestsAsync(NetworkStream client, NetworkStream server)
    {
        while (await Frame.ReadAsync(client, _ended.Token) is { } frame)
        {
            int code = frame.Code;
            _codes[frame.Opaque] = code;
            _proxy.NoteRequest(code);
            if (await MayPassAsync())
            {
                await server.WriteAsync(frame.Bytes, _ended.Token);
            }
        }
    }

    /// <summary>Answers are read as they come, so that each is as late as the fault says and not later.</summary>
    private async Task TakeAnswersAsync(NetworkStream server, ChannelWriter<(Frame Frame, long Arrived)> answers)
    {
        while (await Frame.ReadAsync(server, _ended.Token) is { } frame)
        {
            await answers.WriteAsync((frame, TimeProvider.System.GetTimestamp()), _ended.Token);
        }

        answers.Complete();
    }

    private async Task GiveAnswersAsync(ChannelReader<(Frame Frame, long Arrived)> answers, NetworkStream client)
    {
        await foreach ((Frame frame, long arrived) in answers.ReadAllAsync(_ended.Token))
        {
            if (await MayPassAsync())
            {
                await GiveAsync(frame, arrived, client);
            }
        }
    }

    private async Task GiveAsync(Frame frame, long arrived, NetworkStream client)
    {
        (PeerFault fault, Task over) = _proxy.Now;
        _codes.TryRemove(frame.Opaque, out int code);
        byte[] bytes = frame.Bytes;
        if (fault.Kind != PeerFaultKind.None && fault.Kind != PeerFaultKind.OldConnectionsDead && (fault.Kind != PeerFaultKind.AnswersOfOneCodeLost || fault.Code == code))
        {
            _proxy.NoteDamage();
        }

        switch (fault.Kind)
        {
            case PeerFaultKind.AnswersLost:
            case PeerFaultKind.AnswersOfOneCodeLost when fault.Code == code:
                return;
            case PeerFaultKind.HalfAnswer:
                _isCut = true;
                await client.WriteAsync(bytes.AsMemory(0, bytes.Length / 2), _ended.Token);
                await Task.Delay(Timeout.Infinite, _ended.Token);
                return;
            case PeerFaultKind.Trickle:
                await TrickleAsync(bytes, over, client);
                return;
            case PeerFaultKind.Garbage:
                byte[] garbage = new byte[bytes.Length];
                Random.Shared.NextBytes(garbage);
                garbage[0] |= 0x80;
                bytes = garbage;
                break;
            case PeerFaultKind.UnknownOpaque:
                bytes = frame.WithOpaque(frame.Opaque ^ WrongOpaque).Bytes;
                break;
            case PeerFaultKind.LateAnswers when fault.Delay - TimeProvider.System.GetElapsedTime(arrived) is { Ticks: > 0 } left:
                await Task.Delay(left, _ended.Token);
                break;
            default:
                break;
        }

        await client.WriteAsync(bytes, _ended.Token);
    }

    private async Task TrickleAsync(byte[] bytes, Task over, NetworkStream client)
    {
        int given = 0;
        while (given < bytes.Length && !over.IsCompleted)
        {
            await client.WriteAsync(bytes.AsMemory(given++, 1), _ended.Token);
            await Task.WhenAny(over, Task.Delay(TrickleInterval, _ended.Token));
        }

        await client.WriteAsync(bytes.AsMemory(given), _ended.Token);
    }

    /// <summary>Waits while everything is held; false on a connection that is dead.</summary>
    private async Task<bool> MayPassAsync()
    {
        if (_isSilent)
        {
            _proxy.NoteDamage();
            return false;
        }

        (PeerFault fault, Task over) = _proxy.Now;
        if (fault.HoldsEverything)
        {
            _proxy.NoteDamage();
            await over.WaitAsync(_ended.Token);
        }

        return true;
    }
}
