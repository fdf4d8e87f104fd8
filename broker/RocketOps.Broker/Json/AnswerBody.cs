using System.Buffers;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Json;

/// <summary>The body of an answer as it is written: the memory it takes is told to the answer as it grows, and what no frame could carry is refused before it is there. One thread.</summary>
/// <param name="answer">Counts for it until the answer is disposed; the response counts from then on.</param>
/// <param name="instead">What to ask for instead of more than <see cref="MaxBytes"/>, if there is anything.</param>
internal sealed class AnswerBody(HeavyAnswer answer, string? instead = null) : IBufferWriter<byte>
{
    /// <summary>A frame's 16 MiB with room for the header.</summary>
    public const int MaxBytes = 15 * 1024 * 1024;

    /// <summary>Writers ask for more than they need, three times a text's length.</summary>
    private const int Reserve = 1024 * 1024;

    private const int FirstBytes = 16 * 1024;

    private byte[] _buffer = [];
    private int _length;

    /// <summary>Bytes that have been written: in an array of about their length, as that is what counts from then on.</summary>
    public ReadOnlyMemory<byte> Written => _length < _buffer.Length - (_buffer.Length / 4) ? _buffer.AsSpan(0, _length).ToArray() : _buffer.AsMemory(0, _length);

    /// <summary>Throws <see cref="RemotingCommandException"/> when no answer carries so much.</summary>
    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _buffer.Length - _length);
        _length += count;
        if (_length > MaxBytes)
        {
            throw TooLarge();
        }
    }

    /// <summary>Room for so many bytes more. Throws <see cref="RemotingCommandException"/> when no answer carries as many.</summary>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        MakeRoom(Math.Max(sizeHint, 1));
        return _buffer.AsMemory(_length);
    }

    /// <inheritdoc cref="GetMemory"/>
    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    private void MakeRoom(int bytes)
    {
        long needed = (long)_length + bytes;
        if (needed <= _buffer.Length)
        {
            return;
        }

        if (needed > MaxBytes + Reserve)
        {
            throw TooLarge();
        }

        byte[] smaller = _buffer;
        int larger = (int)Math.Min(Math.Max(needed, Math.Max(FirstBytes, 2L * smaller.Length)), MaxBytes + Reserve);
        answer.Add(larger);
        _buffer = GC.AllocateUninitializedArray<byte>(larger);
        smaller.AsSpan(0, _length).CopyTo(_buffer);
        answer.Add(-smaller.Length);
    }

    private RemotingCommandException TooLarge() =>
        new(ResponseCode.SystemError, $"this has more than the {MaxBytes} bytes that an answer carries{(instead is null ? string.Empty : $": {instead}")}");
}
