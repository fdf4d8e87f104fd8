using System.Net;
using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Server.Loops;

namespace RocketOps.Remoting.Tests.Loops;

/// <summary>Hands every call on to another kernel, a scripted one mostly; fakes override what they are about.</summary>
internal class ForwardingSockets(INativeSockets inner) : INativeSockets
{
    public virtual int CreatePoll() => inner.CreatePoll();

    public virtual int CreateSignal() => inner.CreateSignal();

    public virtual int Watch(int poll, int descriptor, int tag, bool edge) => inner.Watch(poll, descriptor, tag, edge);

    public virtual int Unwatch(int poll, int descriptor) => inner.Unwatch(poll, descriptor);

    public virtual int Wait(int poll, Span<ReadyEvent> ready, int timeoutMilliseconds) => inner.Wait(poll, ready, timeoutMilliseconds);

    public void Pause(int microseconds) => inner.Pause(microseconds);

    public virtual void Signal(int signal) => inner.Signal(signal);

    public void ClearSignal(int signal) => inner.ClearSignal(signal);

    public virtual int Accept(int listener, out IPEndPoint remote, out IPEndPoint local) => inner.Accept(listener, out remote, out local);

    public virtual int Receive(int descriptor, Span<byte> buffer) => inner.Receive(descriptor, buffer);

    public virtual int Peek(int descriptor, Span<byte> buffer) => inner.Peek(descriptor, buffer);

    public virtual int Send(int descriptor, ReadOnlySpan<byte> bytes) => inner.Send(descriptor, bytes);

    public virtual int Send(int descriptor, ReadOnlySpan<byte> header, ReadOnlySpan<OutputPiece> pieces) => inner.Send(descriptor, header, pieces);

    public int Shutdown(int descriptor, bool sendingOnly) => inner.Shutdown(descriptor, sendingOnly);

    public virtual int Close(int descriptor) => inner.Close(descriptor);
}
