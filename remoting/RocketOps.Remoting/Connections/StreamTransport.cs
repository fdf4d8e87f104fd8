using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;

namespace RocketOps.Remoting.Connections;

/// <summary>
/// A socket, or a TLS stream over one, as a <see cref="PipeTransport"/>. Reading goes to the stream directly. Writing goes through a pipe
/// that a loop empties into the stream: a
/// writer over the stream itself must not be written to while it flushes, and frames come from any thread. The loop runs on the thread
/// that flushes as long as the peer takes what is
/// sent, so that a lone request changes threads nowhere.
/// </summary>
internal sealed class StreamTransport : PipeTransport
{
    /// <summary>Bytes read at once, and the least that is taken from the pool for writing.</summary>
    private const int ReadBytes = 64 * 1024;

    private const int WriteBytes = 16 * 1024;

    /// <summary>Unsent bytes from which on a flush waits, and below which it no longer does.</summary>
    private const int PauseBytes = 64 * 1024;

    /// <summary>Time that a connection that ends in good order waits until the peer has taken the last bytes.</summary>
    private static readonly TimeSpan LongestFlush = TimeSpan.FromSeconds(5);

    private readonly Socket _socket;
    private readonly Stream _stream;
    private readonly TimeProvider _time;
    private readonly Pipe _output = new(new PipeOptions(
        readerScheduler: PipeScheduler.Inline,
        writerScheduler: PipeScheduler.Inline,
        pauseWriterThreshold: PauseBytes,
        resumeWriterThreshold: PauseBytes / 2,
        minimumSegmentSize: WriteBytes,
        useSynchronizationContext: false));

    private readonly CancellationTokenSource _closed = new();
    private readonly Task _sending;
    private int _disposed;

    /// <summary>Owns the stream and the socket from here on.</summary>
    /// <param name="id">Unique among the connections of this process.</param>
    /// <param name="stream">What is read from and written to.</param>
    /// <param name="socket">What the stream stands on.</param>
    /// <param name="remote">The peer's address.</param>
    /// <param name="local">This end's address.</param>
    /// <param name="time">The clock.</param>
    public StreamTransport(string id, Stream stream, Socket socket, IPEndPoint remote, IPEndPoint local, TimeProvider time)
    {
        Id = id;
        _stream = stream;
        _socket = socket;
        _time = time;
        RemoteEndPoint = remote;
        LocalEndPoint = local;
        Closed = _closed.Token;
        Input = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: ReadBytes, leaveOpen: true));
        _sending = SendAsync();
    }

    public override string Id { get; }

    public override IPEndPoint RemoteEndPoint { get; }

    public override IPEndPoint LocalEndPoint { get; }

    public override PipeReader Input { get; }

    public override PipeWriter Output => _output.Writer;

    public override CancellationToken Closed { get; }

    /// <summary>Socket that the stream stands on.</summary>
    internal Socket Socket => _socket;

    public override void Abort(string reason)
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // The peer was faster.
        }

        try
        {
            _closed.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // Disposed meanwhile, which ends it too.
        }

        // Not every system ends a receive because of the shutdown; the next one finds the end.
        Input.CancelPendingRead();
    }

    /// <summary>Sends what is left, for a while, and closes the socket. Idempotent.</summary>
    public override async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        await Input.CompleteAsync().ConfigureAwait(false);
        await _output.Writer.CompleteAsync().ConfigureAwait(false);
        try
        {
            await _sending.WaitAsync(LongestFlush, _time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            Abort("the peer does not take the last bytes");
            await _sending.ConfigureAwait(false);
        }

        await _closed.CancelAsync().ConfigureAwait(false);
        await _stream.DisposeAsync().ConfigureAwait(false);
        _socket.Dispose();
        _closed.Dispose();
    }

    // Never throws: the reading loop sees the same end of the connection and reports it.
    private async Task SendAsync()
    {
        PipeReader output = _output.Reader;
        IOException? failure = null;
        try
        {
            ReadResult result;
            do
            {
                result = await output.ReadAsync(CancellationToken.None).ConfigureAwait(false);
                foreach (ReadOnlyMemory<byte> block in result.Buffer)
                {
                    await _stream.WriteAsync(block, _closed.Token).ConfigureAwait(false);
                }

                output.AdvanceTo(result.Buffer.End);
            }
            while (!result.IsCompleted);
        }
        catch (Exception error)
        {
            failure = error as IOException ?? new IOException(error.Message, error);
            Abort(error.Message);
        }

        // A flush that waits for the peer fails with it.
        await output.CompleteAsync(failure).ConfigureAwait(false);
    }
}
