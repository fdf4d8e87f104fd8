namespace RocketOps.Embedded.Api.Errors;

/// <summary>One entry of <c>details.causes</c>. <paramref name="Field"/> is a path such as <c>spec.listeners[0].name</c>, or <c>&lt;nil&gt;</c> at the root.</summary>
internal sealed record StatusCause(string Reason, string Message, string Field)
{
    public const string Required = "FieldValueRequired";
    public const string Invalid = "FieldValueInvalid";
    public const string NotSupported = "FieldValueNotSupported";
    public const string TypeInvalid = "FieldValueTypeInvalid";
    public const string TooLong = "FieldValueTooLong";
    public const string TooMany = "FieldValueTooMany";
    public const string Duplicate = "FieldValueDuplicate";
    public const string Forbidden = "FieldValueForbidden";
}
