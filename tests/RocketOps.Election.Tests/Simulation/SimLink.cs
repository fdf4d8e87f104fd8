using RocketOps.Broker.Failover;
using RocketOps.Broker.Replication.Frames;
using RocketOps.Broker.Replication.Master;

namespace RocketOps.Election.Tests.Simulation;

/// <summary>
/// A master's connection to one follower: sends it the raw log from where it says its own ends, and notes what it says. As <c>SlaveLink</c>, with one byte for each message: what that is lies beside the bytes.
/// </summary>
internal sealed class SimLink
{
    private const int BatchEntries = 50;
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(20);

    private readonly SimGroup _group;
    private readonly SimBroker _broker;
    private readonly SimSocket _socket;
    private readonly TimeProvider _time;
    private readonly FollowerTickets _admission;
    private IAdmittedSlave? _admitted;
    private int _sent = -1;
    private long _acknowledged = -1;
    private long _toldReplicated;
    private long _toldAt;
    private long _sentAt;
    private long _heardAt;

    public SimLink(SimGroup group, SimBroker broker, SimSocket socket)
    {
        _group = group;
        _broker = broker;
        _socket = socket;
        _time = broker.Machine.Clock;
        _admission = broker.Roles.Links.Door.Tickets;
        _heardAt = _sentAt = Now;
        socket.Ended = OnEnded;
    }

    private long Now => _time.GetTimestamp();

    private TimeSpan Interval => _admission.WordInterval;

    private bool IsWordDue => _admission.Serves && (_broker.Replicated > _toldReplicated || _time.GetElapsedTime(_toldAt) >= Interval);

    public void OnIntroduction(byte[] introduction)
    {
        _heardAt = Now;
        try
        {
            _admitted = Admit(introduction);
        }
        catch (HaRefusedException refused)
        {
            _group.Note(_broker.Machine, $"turns a follower away: {refused.Message}");
            Close();
        }
    }

    /// <summary>A follower's word of how far it has the log.</summary>
    public void OnReport(SimMember follower, long offset)
    {
        _heardAt = Now;
        _broker.Loop.Do(_ =>
        {
            if (offset >= _broker.Visible)
            {
                _broker.CaughtUpAt[follower.Name] = _group.World.Now;
            }
        });
        if (_sent < 0 && offset > _broker.Disk.Log.Count)
        {
            throw new RuleBrokenException($"{_broker.Machine.Name} is followed by one whose log ends at {offset}, behind its own end {_broker.Disk.Log.Count}");
        }

        if (_sent >= 0 && offset > _sent)
        {
            throw new RuleBrokenException($"{_broker.Machine.Name} is told that a follower has {offset}, and has sent it no more than {_sent}");
        }

        _acknowledged = Math.Max(_acknowledged, offset);
        bool isFirst = _sent < 0;
        _sent = isFirst ? (int)offset : _sent;
        try
        {
            _admitted?.OnAcknowledged(_acknowledged);
        }
        catch (IOException refused)
        {
            _group.Note(_broker.Machine, $"turns a follower away: {refused.Message}");
            Close();
            return;
        }

        if (isFirst)
        {
            SendLog();
        }
    }

    public void SendLog()
    {
        int count = Math.Min(BatchEntries, _broker.Visible - _sent);
        if (_sent < 0 || count <= 0)
        {
            return;
        }

        bool hasWord = IsWordDue;
        int body = hasWord ? HaFrames.HeaderBytes * 2 : HaFrames.HeaderBytes;
        byte[] frames = new byte[body + count];
        if (hasWord)
        {
            WriteWord(frames);
        }

        HaFrames.WriteHeader(frames.AsSpan(body - HaFrames.HeaderBytes), _sent, count);
        SimEntry[] entries = [.. _broker.Disk.Log.GetRange(_sent, count)];
        _sent += count;
        Send(frames, entries);
        if (_sent < _broker.Visible)
        {
            _broker.AfterHere(_group.World.Between(0.1, 2), SendLog);
        }
    }

    public void SendWord()
    {
        if (_sent >= 0 && IsWordDue)
        {
            byte[] frame = new byte[HaFrames.HeaderBytes];
            WriteWord(frame);
            Send(frame, []);
        }
    }

    public void Tick()
    {
        if (_time.GetElapsedTime(_heardAt) > LongestSilence)
        {
            Close();
            return;
        }

        SendWord();
        if (_sent >= 0 && _time.GetElapsedTime(_sentAt) >= Interval)
        {
            byte[] frame = new byte[HaFrames.HeaderBytes];
            HaFrames.WriteHeader(frame, _sent, 0);
            Send(frame, []);
        }
    }

    public void Close()
    {
        _socket.Close();
        OnEnded();
    }

    /// <summary>
    /// It waits for nothing but bytes, and a memory stream has them: it has ended when it returns. If it ever waits for something else, waiting for it here would stop virtual time, and with it whatever it waits for.
    /// </summary>
    private IAdmittedSlave Admit(byte[] introduction)
    {
        Task<IAdmittedSlave> admitting = _admission.AdmitAsync(new MemoryStream(introduction), CancellationToken.None).AsTask();
        return admitting.IsCompleted
            ? admitting.GetAwaiter().GetResult()
            : throw new InvalidOperationException("FollowerTickets.AdmitAsync waits for more than the introduction, which no simulated connection can let it do");
    }

    private void OnEnded()
    {
        _sent = -1;
        _broker.Roles.Links.Remove(this);
        _admitted?.OnEnded();
        _admitted = null;
    }

    private void WriteWord(Span<byte> destination)
    {
        _toldAt = Now;
        _toldReplicated = _broker.Replicated;
        HaFrames.WriteHeader(destination, _toldReplicated, HaFrames.ReplicatedMark);
    }

    private void Send(byte[] frames, SimEntry[] entries)
    {
        _sentAt = Now;
        _socket.Send(socket => socket.Broker.Roles.Follower?.OnReceived(socket, frames, entries));
    }
}
