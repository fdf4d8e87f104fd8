namespace RocketOps.Client.Calls;

/// <summary>Hears of a <see cref="RemotingCaller"/> which servers answer and which cannot be reached. Thread-safe.</summary>
internal interface IServerWatch
{
    /// <summary>True while every server is reached: answers need not be noted.</summary>
    bool IsEmpty { get; }

    /// <summary>A request failed as the server took no connection, or was silent so that its connection was given up.</summary>
    void NoteUnreachable(string address, string reason);

    /// <summary>The server has answered.</summary>
    void NoteAnswer(string address);
}
