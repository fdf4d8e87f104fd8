namespace RocketOps.Remoting.Connections;

/// <summary>
/// Finds out whether a frame that has begun gets on: whoever begins one and sends a byte now and then holds what has come of it. It is looked at from time to time; a frame that has
/// got too few bytes since the last look, <see cref="Patience"/> times running, has stalled. One thread at a time looks.
/// </summary>
internal sealed class FrameWatch
{
    /// <summary>A connection whose packets are lost now and then stands still for some seconds, and goes on.</summary>
    public const int Patience = 3;

    private long _frames;
    private long _bytes;
    private int _slow;

    /// <summary>True when the frame has stalled.</summary>
    /// <param name="frames">Frames that have arrived whole so far.</param>
    /// <param name="bytes">What has come of the next one; 0 when it has not begun, or when what comes is not read.</param>
    /// <param name="least">Bytes a frame is to get between two looks.</param>
    public bool HasStalled(long frames, long bytes, long least)
    {
        bool slow = bytes > 0 && _bytes > 0 && frames == _frames && bytes - _bytes < least;
        _slow = slow ? _slow + 1 : 0;
        _frames = frames;
        _bytes = bytes;
        return _slow >= Patience;
    }
}
