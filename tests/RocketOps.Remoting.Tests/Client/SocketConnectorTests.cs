using System.Net;
using System.Net.Sockets;
using RocketOps.Remoting.Client;
using RocketOps.Testing;
using RocketOps.Testing.Time;

namespace RocketOps.Remoting.Tests.Client;

/// <summary>A server with several addresses, some of which take no connection.</summary>
public sealed class SocketConnectorTests : IDisposable
{
    private static readonly IPEndPoint First = IPEndPoint.Parse("192.0.2.1:9876");
    private static readonly IPEndPoint Second = IPEndPoint.Parse("[2001:db8::1]:9876");

    private readonly FakeTimeProvider _time = new();
    private readonly List<IPEndPoint> _tried = [];
    private readonly List<Socket> _sockets = [];
    private readonly TaskCompletionSource _late = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Dispose() => _sockets.ForEach(static socket => socket.Dispose());

    /// <summary>As behind a firewall that drops packets.</summary>
    [Fact]
    public async Task Connect_FirstAddressDoesNotAnswer_TakesTheSecondAfterAMoment()
    {
        Task<Socket> connecting = ConnectAsync(endPoint => endPoint.Equals(First) ? NeverAsync : OpenAsync);
        _tried.Should().Equal(First);

        _time.Advance(SocketConnector.Head);

        (await connecting.WaitAsync(Eventually.DefaultDeadline)).Should().BeSameAs(_sockets.Should().ContainSingle().Subject);
        _tried.Should().Equal(First, Second);
    }

    [Fact]
    public async Task Connect_FirstAddressRefuses_TakesTheSecondAtOnce()
    {
        await ConnectAsync(endPoint => endPoint.Equals(First) ? RefuseAsync : OpenAsync).WaitAsync(Eventually.DefaultDeadline);

        _tried.Should().Equal(First, Second);
    }

    [Fact]
    public async Task Connect_BothConnect_ClosesTheOneThatIsNotNeeded()
    {
        Task<Socket> connecting = ConnectAsync(endPoint => endPoint.Equals(First) ? OpenLateAsync : OpenAsync);
        _time.Advance(SocketConnector.Head);
        await Eventually.TrueAsync(() => _sockets.Count == 1, "the second has connected");
        _late.SetResult();

        Socket taken = await connecting.WaitAsync(Eventually.DefaultDeadline);

        _sockets.Should().HaveCount(2);
        taken.Should().BeSameAs(_sockets[0]);
        IsOpen(_sockets[0]).Should().BeTrue();
        IsOpen(_sockets[1]).Should().BeFalse();
    }

    [Fact]
    public async Task Connect_AllRefuse_TellsTheLastReason() =>
        (await FluentActions.Awaiting(() => ConnectAsync(static _ => RefuseAsync)).Should().ThrowAsync<SocketException>())
            .Which.SocketErrorCode.Should().Be(SocketError.ConnectionRefused);

    [Fact]
    public async Task Connect_CallerGivesUp_EndsAllAttempts()
    {
        using CancellationTokenSource givesUp = new();
        Task<Socket> connecting = ConnectAsync(static _ => NeverAsync, givesUp.Token);
        _time.Advance(SocketConnector.Head);
        await Eventually.TrueAsync(() => _tried.Count == 2, "both are tried");

        await givesUp.CancelAsync();

        await FluentActions.Awaiting(() => connecting.WaitAsync(Eventually.DefaultDeadline)).Should().ThrowAsync<OperationCanceledException>();
    }

    private Task<Socket> ConnectAsync(Func<IPEndPoint, Func<CancellationToken, Task<Socket>>> attempt, CancellationToken cancellationToken = default) =>
        SocketConnector.ConnectAsync(
            [First, Second],
            (endPoint, token) =>
            {
                _tried.Add(endPoint);
                return attempt(endPoint)(token);
            },
            _time,
            cancellationToken);

    private static async Task<Socket> NeverAsync(CancellationToken cancellationToken)
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
        throw new InvalidOperationException("an infinite delay has ended");
    }

    private static Task<Socket> RefuseAsync(CancellationToken cancellationToken) =>
        Task.FromException<Socket>(new SocketException((int)SocketError.ConnectionRefused));

    private Task<Socket> OpenAsync(CancellationToken cancellationToken)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _sockets.Add(socket);
        return Task.FromResult(socket);
    }

    /// <summary>Connects although it was given up, as an attempt does whose handshake ends at that moment.</summary>
    private async Task<Socket> OpenLateAsync(CancellationToken cancellationToken)
    {
        await _late.Task;
        return await OpenAsync(CancellationToken.None);
    }

    private static bool IsOpen(Socket socket) => !socket.SafeHandle.IsClosed;
}
