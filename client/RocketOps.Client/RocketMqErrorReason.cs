namespace RocketOps.Client;

/// <summary>Kind of a failure, for programs that branch on it: <see cref="RocketMqException.Reason"/>.</summary>
public enum RocketMqErrorReason
{
    /// <summary>None of the others; the text says what.</summary>
    Other,

    /// <summary>No name server could be found or none answered.</summary>
    NameServersUnreachable,

    /// <summary>
    /// The topic has no route, or the broker that the call is for has no master: it does not exist, or not yet, or it is just restarting.
    /// </summary>
    NoRoute,

    /// <summary>The server took no connection.</summary>
    Unreachable,

    /// <summary>The server was connected and did not answer in time, or the time was over before anything was sent.</summary>
    Timeout,

    /// <summary>The connection ended while the answer was awaited.</summary>
    ConnectionLost,

    /// <summary>This program has no room or no processor time: too much is under way, or its thread pool is busy.</summary>
    ClientBusy,

    /// <summary>
    /// The server has too much to do, or does not serve at this moment: SYSTEM_BUSY, SERVICE_NOT_AVAILABLE, FLOW_CONTROL, GO_AWAY.
    /// </summary>
    ServerBusy,

    /// <summary>The server failed at the request: SYSTEM_ERROR.</summary>
    ServerError,

    /// <summary>The server does not allow it: NO_PERMISSION.</summary>
    NoPermission,

    /// <summary>The topic, group, message or client of the request does not exist at the server.</summary>
    NotFound,

    /// <summary>
    /// The request, its message or its expression cannot be taken as it is: MESSAGE_ILLEGAL, INVALID_PARAMETER and the like.
    /// </summary>
    InvalidRequest,

    /// <summary>The server refused for another reason: see <see cref="RocketMqException.ResponseCode"/>.</summary>
    Refused,

    /// <summary>The server answered something that cannot be read.</summary>
    InvalidAnswer,

    /// <summary>A broker has the message, and not as safely as the call needs.</summary>
    StoredLessSafely,

    /// <summary>A file of this machine cannot be read or written.</summary>
    LocalStorage,
}
