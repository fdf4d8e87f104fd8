namespace RocketOps.Remoting.Connections;

/// <summary>
/// Turn in which the frames of one connection are handled before it is others' turn: however many it sends at once, and whatever each of
/// them costs. Not thread-safe; the driver's thread.
/// </summary>
internal struct ReadTurn
{
    /// <summary>Longest turn: as long as some hundred frames take, or a few that look through thousands of messages.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(2);

    // The clock costs as much as a small part of a frame.
    private const int FramesOfLook = 4;

    private long _began;
    private int _frames;

    /// <summary>True when the turn is over: what is left waits for the connection's next turn.</summary>
    public bool IsOver { get; private set; }

    public void Begin(TimeProvider time)
    {
        _began = time.GetTimestamp();
        _frames = 0;
        IsOver = false;
    }

    public void CountFrame(TimeProvider time)
    {
        if (++_frames % FramesOfLook == 0)
        {
            IsOver = time.GetElapsedTime(_began) >= Longest;
        }
    }
}
