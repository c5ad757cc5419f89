Attribute VB_Name = "CloHost"
Option Explicit

Public Function CloHost_Answer(ByVal functionName As String, ByVal arguments As Variant) As Variant
    Dim table(0 To 1, 0 To 1) As Variant
    Select Case arguments(1)
    Case 1
        CloHost_Answer = 0.25
    Case 2
        CloHost_Answer = ChrW(1) & "2042 | CLO-3000: away"
    Case 3
        Err.Raise 1000, , "no interpreter"
    Case 4
        table(0, 0) = 1
        table(0, 1) = "b"
        table(1, 0) = 3
        table(1, 1) = 4
        CloHost_Answer = table
    End Select
End Function

Public Sub CloHost_Forget()
End Sub

Public Function CloHost_Caller() As String
    CloHost_Caller = "[clo.xlsm]clo.conf!$H$1"
End Function

Public Function CloHost_CountsFrom1904() As Boolean
End Function

Public Function CloHost_Values(ByVal cells As Object) As Variant
    CloHost_Values = cells.Value
End Function

Public Function CloHost_Address(ByVal cells As Object) As String
End Function

Public Function CloHost_InWizard() As Boolean
End Function
