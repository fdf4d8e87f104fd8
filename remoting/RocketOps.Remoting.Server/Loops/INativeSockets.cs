using System.ComponentModel;
using System.Net;
using RocketOps.Remoting.Connections;

namespace RocketOps.Remoting.Server.Loops;

/// <summary>
/// The system calls an event loop makes, so that tests can make them fail. What returns a number returns an errno negated when it failed; nothing here blocks but
/// <see cref="Wait"/> and <see cref="Pause"/>.
/// </summary>
internal interface INativeSockets
{
    /// <summary>A set of descriptors to wait for (epoll_create1).</summary>
    int CreatePoll();

    /// <summary>A descriptor by which other threads end a <see cref="Wait"/> (eventfd).</summary>
    int CreateSignal();

    /// <summary>Waits for edges of <paramref name="descriptor"/>: readable, writable, hung up. A listener's level instead.</summary>
    int Watch(int poll, int descriptor, int tag, bool edge);

    int Unwatch(int poll, int descriptor);

    /// <summary>Waits until something happens or the time is over (-1: for ever) and returns how many events it filled in.</summary>
    int Wait(int poll, Span<ReadyEvent> ready, int timeoutMilliseconds);

    void Pause(int microseconds);

    void Signal(int signal);

    void ClearSignal(int signal);

    /// <summary>The next connection of a listener, not blocking and without delay (TCP_NODELAY).</summary>
    int Accept(int listener, out IPEndPoint remote, out IPEndPoint local);

    int Receive(int descriptor, Span<byte> buffer);

    /// <summary>The next byte, which stays where it is.</summary>
    int Peek(int descriptor, Span<byte> buffer);

    int Send(int descriptor, ReadOnlySpan<byte> bytes);

    /// <summary>The same of bytes in several places, <see cref="OutputLease.MostPieces"/> at most.</summary>
    int Send(int descriptor, ReadOnlySpan<byte> header, ReadOnlySpan<OutputPiece> pieces);

    /// <summary>Ends the connection for whoever uses the descriptor; the number stays taken.</summary>
    int Shutdown(int descriptor, bool sendingOnly);

    int Close(int descriptor);
}

/// <summary>Result of a <see cref="INativeSockets.Wait"/>.</summary>
/// <param name="Tag">The tag given to <see cref="INativeSockets.Watch"/>.</param>
/// <param name="IsReadable">There are bytes, or an end or error to be read.</param>
/// <param name="IsWritable">The kernel takes bytes again.</param>
/// <param name="IsHungUp">The peer has ended its side: reading must go on until it says so.</param>
internal readonly record struct ReadyEvent(int Tag, bool IsReadable, bool IsWritable, bool IsHungUp);

/// <summary>Results of <see cref="INativeSockets"/> that must not be errors.</summary>
internal static class NativeResult
{
    /// <summary>The result, or <see cref="IOException"/> when it is a negated errno.</summary>
    public static int Checked(int result) => result >= 0 ? result : throw new IOException($"event loop: {TextOf(result)}");

    /// <summary>Returns the system's text for a negated errno.</summary>
    public static string TextOf(int result) => new Win32Exception(-result).Message;
}
